namespace LatentDb.MemoryStore.Blocks;

/// <summary>Which columns of a layer's rows a stored slice holds. The values are part of the on-disk format.</summary>
/// <remarks>Two parts, because queries read only <see cref="Read"/> and an inject reads only <see cref="Hidden"/> of the newest block.</remarks>
public enum SlicePart : byte
{
    /// <summary>Pre-RoPE K and V under the read weights, and the retrieval key where the model has a retriever.</summary>
    Read = 1,

    /// <summary>Hidden rows: the prefix of the next inject, and what re-projection under other weights needs.</summary>
    Hidden = 2,
}
