namespace LatentDb.MemoryStore.Replication;

/// <summary>One change of a shard's folder, as its followers make it again.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="Path">To what, from the shard's folder on; empty = the folder itself.</param>
/// <param name="Target">The new name of a move.</param>
/// <param name="Offset">Where bytes were written.</param>
/// <param name="Bytes">What was written; owned by this record.</param>
internal sealed record FolderChange(ChangeKind Kind, string Path, string Target = "", long Offset = 0, ReadOnlyMemory<byte> Bytes = default)
{
    /// <summary>What it takes of a queue, roughly.</summary>
    public long Cost => 64 + Bytes.Length;
}
