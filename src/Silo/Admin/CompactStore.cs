using LatentDb.MemoryStore.Retention;
using LatentDb.Silo.Http.Streams;

namespace LatentDb.Silo.Admin;

/// <summary>POST /v1/admin/store/compact: one thorough pass, as fast as it goes.</summary>
internal sealed class CompactStore(StoreCompactor compactor, JobStream jobs)
{
    private const long Unlimited = 0;

    public Task HandleAsync(HttpContext context) => jobs.RunAsync(context, async (progress, token) =>
        CompactionBody.Of(await compactor.CompactAsync(isThorough: true, Unlimited, StoreProgressRelay.To(progress), token).ConfigureAwait(false)));
}

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
internal sealed record CompactionBody(
    long Memories, long VersionsDropped, long BlocksDropped, long SegmentsDeleted, long SegmentsKept, long CopiedBytes, long FreedBytes, long LiveBytes, long FileBytes, double Amplification)
{
    public static CompactionBody Of(CompactionReport report) => new(
        report.Memories,
        report.VersionsDropped,
        report.BlocksDropped,
        report.SegmentsDeleted,
        report.SegmentsKept,
        report.CopiedBytes,
        report.FreedBytes,
        report.LiveBytes,
        report.FileBytes,
        Math.Round(report.Amplification, 3));
}
