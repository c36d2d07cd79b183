using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Simulation;

public sealed class HangingDiskTests : IDisposable
{
    private readonly SimulatedStore _store = new();
    private readonly TestModel _model = new();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData("manifest/log.0")]
    [InlineData("manifest/commit.ab")]
    [InlineData("blocks/log.0")]
    [InlineData("blocks/commit.ab")]
    public async Task A_sync_that_hangs_fails_its_own_shard_after_ten_seconds_and_no_other(string file)
    {
        var time = new ManualTimeProvider();
        var disk = new SimulatedDisk();
        await using OpenStore open = await _store.OpenAsync(disk, SimulatedStore.Settings(disk) with { Time = time });
        MemoryTimeline[] timelines = [.. await Task.WhenAll(Enumerable.Range(0, 2).Select(shard => _model.CreateAsync(open.Catalog, KeyIn(open, shard))))];
        disk.Faults.HangingFiles = path => path.Contains("shard-0000", StringComparison.Ordinal) && path.EndsWith(file, StringComparison.Ordinal);

        Task<MemoryVersion> hanging = _model.InjectAsync(timelines[0], 1);
        await disk.Faults.Hung.Task.WaitAsync(SimulatedStore.Patience);
        for (int seed = 1; seed <= 5; seed++) await _model.InjectAsync(timelines[1], seed);
        while (!hanging.IsCompleted)
        {
            time.Advance(StoreLimits.CommitTimeout);
            await Task.Yield();
        }

        Assert.Equal(ErrorCode.StoreUnavailable, (await Assert.ThrowsAsync<LatentDbException>(() => hanging)).Code);
        Assert.NotNull(open.Shards.Shards.First().Failure);
        Assert.Null(open.Shards.Shards.Last().Failure);
        Assert.Equal(VersionNumber.First, (await timelines[0].ReadAsync(VersionSelector.Head, CancellationToken.None)).Version.Number);
        Assert.Equal(7, (await _model.InjectAsync(timelines[1], 6)).Number.Value);
        disk.Faults.Hang.Set();
    }

    private static MemoryKey KeyIn(OpenStore open, int shard) =>
        Enumerable.Range(0, 1000).Select(i => OpenStore.Key($"m{i}")).First(key => open.Shards.ShardOf(key).Id.Value == shard);
}
