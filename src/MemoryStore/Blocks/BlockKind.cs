namespace LatentDb.MemoryStore.Blocks;

/// <summary>What the rows of a block are. The values are part of the on-disk format; 3 to 5 are reserved for later mechanisms.</summary>
public enum BlockKind : byte
{
    /// <summary>The checkpoint's own pool and long-term rows, shared by every memory of that model.</summary>
    Genesis = 1,

    /// <summary>Memory tokens that an inject wrote (MemoryLLM, M+).</summary>
    MemoryRows = 2,
}
