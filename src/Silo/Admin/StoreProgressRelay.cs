using LatentDb.MemoryStore;
using LatentDb.Silo.Http.Streams;

namespace LatentDb.Silo.Admin;

/// <summary>Passes the store's progress on to a stream of events.</summary>
internal sealed class StoreProgressRelay : IProgress<StoreProgress>
{
    private readonly IProgress<JobProgress> _target;

    private StoreProgressRelay(IProgress<JobProgress> target) => _target = target;

    public static StoreProgressRelay To(IProgress<JobProgress> target) => new(target);

    public void Report(StoreProgress value) => _target.Report(new JobProgress(value.Stage, value.Done, value.Total > 0 ? value.Total : null));
}
