using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Frames;
using LatentDb.MemoryStore.Telemetry;
using LatentDb.MemoryStore.Time;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Shards;

/// <summary>How a committer that hangs shows, and one that has nothing to do does not.</summary>
public sealed class CommitHangTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_commit_that_hangs_grows_older_and_an_idle_committer_does_not()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var fence = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var log = new FrameLog(
            FasterLogStore.Create(LocalDisk.Instance, _folder.Combine("log"), LogGeometry.Manifest),
            new Epoch(1),
            new HybridClock(_time),
            async () =>
            {
                entered.TrySetResult();
                await fence.Task;
            },
            _time,
            StoreMetrics.ForLog("manifest"));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.Zero, log.BusyFor);

        PendingRecord record = await log.EnqueueAsync(new RecordDraft(FrameKind.MemoryCreated, new MemoryUid(1), new byte[16], null), null);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(30));
        _time.Advance(TimeSpan.FromSeconds(75));
        Assert.Equal(TimeSpan.FromSeconds(75), log.BusyFor);

        fence.SetResult();
        await record.Durable.WaitAsync(TimeSpan.FromSeconds(30));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (log.BusyFor != TimeSpan.Zero) await Task.Delay(1, limit.Token);
    }
}
