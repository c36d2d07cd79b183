namespace LatentDb.MemoryStore.Blocks;

/// <summary>The meaning of one tensor of a slice. The values are part of the on-disk format.</summary>
public enum SliceColumn : byte
{
    /// <summary>Hidden rows as the write pass produced them [rows, hidden].</summary>
    Hidden = 1,

    /// <summary>Attention keys before RoPE, read weights [rows, kv heads x head size].</summary>
    Key = 2,

    /// <summary>Attention values, read weights [rows, kv heads x head size].</summary>
    Value = 3,

    /// <summary>Retrieval keys [rows, selector width].</summary>
    RetrievalKey = 4,

    /// <summary>Age of each row when the block was made, in tokens [rows, 1]; genesis only, other blocks derive it from the row.</summary>
    Age = 5,
}
