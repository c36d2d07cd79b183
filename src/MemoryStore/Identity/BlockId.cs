namespace LatentDb.MemoryStore.Identity;

/// <summary>Names one immutable block: the memory (or genesis) that wrote it and its sequence number there. Never reused.</summary>
public readonly record struct BlockId(MemoryUid Owner, long Sequence)
{
    public override string ToString() => $"{Owner}#{Sequence}";
}
