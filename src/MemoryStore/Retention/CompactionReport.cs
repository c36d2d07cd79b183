namespace LatentDb.MemoryStore.Retention;

/// <summary>What one pass of compaction did, over all shards that it covered.</summary>
/// <param name="Memories">Memories that were looked at for expired versions.</param>
/// <param name="VersionsDropped">Versions that retention dropped.</param>
/// <param name="BlocksDropped">Blocks that no version names any more.</param>
/// <param name="SegmentsDeleted">Segment files that were removed.</param>
/// <param name="SegmentsKept">Segment files that were to be emptied, but hold something that could not be read or matched.</param>
/// <param name="CopiedBytes">Bytes of live records that were copied.</param>
/// <param name="FreedBytes">Bytes of the removed files.</param>
/// <param name="LiveBytes">Bytes of live records afterwards.</param>
/// <param name="FileBytes">Bytes of all segment files afterwards.</param>
public sealed record CompactionReport(
    long Memories, long VersionsDropped, long BlocksDropped, long SegmentsDeleted, long SegmentsKept, long CopiedBytes, long FreedBytes, long LiveBytes, long FileBytes)
{
    /// <summary>Nothing done.</summary>
    public static CompactionReport Empty { get; } = new(0, 0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>Bytes on disk for each live byte.</summary>
    public double Amplification => LiveBytes == 0 ? 1 : (double)FileBytes / LiveBytes;

    /// <summary>The sum of two reports.</summary>
    public static CompactionReport operator +(CompactionReport a, CompactionReport b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return new CompactionReport(
            a.Memories + b.Memories,
            a.VersionsDropped + b.VersionsDropped,
            a.BlocksDropped + b.BlocksDropped,
            a.SegmentsDeleted + b.SegmentsDeleted,
            a.SegmentsKept + b.SegmentsKept,
            a.CopiedBytes + b.CopiedBytes,
            a.FreedBytes + b.FreedBytes,
            a.LiveBytes + b.LiveBytes,
            a.FileBytes + b.FileBytes);
    }
}
