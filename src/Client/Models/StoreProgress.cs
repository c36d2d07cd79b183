namespace LatentDb.Client.Models;

/// <summary>How far work on the store is.</summary>
/// <param name="Stage">What is being done, in a word or two.</param>
/// <param name="Done">Units of this stage so far: bytes where the stage is about bytes, else what the stage names.</param>
/// <param name="Total">Units of this stage in all; null = unknown.</param>
public sealed record StoreProgress(string Stage, long Done, long? Total);

/// <summary>What a pass of compaction did.</summary>
/// <param name="Memories">Memories that were looked at.</param>
/// <param name="VersionsDropped">Versions that retention no longer kept.</param>
/// <param name="BlocksDropped">Blocks that no version named any more.</param>
/// <param name="SegmentsDeleted">Files that were removed.</param>
/// <param name="SegmentsKept">Files that should have been emptied, but hold something unreadable.</param>
/// <param name="CopiedBytes">Bytes of live records that were copied.</param>
/// <param name="FreedBytes">Bytes of the removed files.</param>
/// <param name="LiveBytes">Bytes that are needed.</param>
/// <param name="FileBytes">Bytes of all files.</param>
/// <param name="Amplification">Bytes on disk for each byte that is needed.</param>
public sealed record CompactionReport(
    long Memories,
    long VersionsDropped,
    long BlocksDropped,
    long SegmentsDeleted,
    long SegmentsKept,
    long CopiedBytes,
    long FreedBytes,
    long LiveBytes,
    long FileBytes,
    double Amplification);
