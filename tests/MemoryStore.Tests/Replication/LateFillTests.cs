using System.Diagnostics.Metrics;
using LatentDb.MemoryStore.Replication;
using LatentDb.MemoryStore.Replication.Followers;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Replication;

/// <summary>A follower that has confirmed everything before the owner's side has noticed that it sent everything, while nothing is written.</summary>
public sealed class LateFillTests : IDisposable
{
    private static readonly string[] Names = ["a", "b"];

    /// <summary>True where this test's owner works: other tests fill copies in the same process.</summary>
    private static readonly AsyncLocal<bool> IsHere = new();

    private readonly SimulatedStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Its_copy_counts_without_another_write()
    {
        IsHere.Value = true;
        int late = 0;
        var follower = new SimulatedDisk();
        using var listener = new MeterListener();
        listener.SetMeasurementEventCallback<long>((_, _, _, _) =>
        {
            // Between the last change that is queued and the end of the filling: the follower does all of it and confirms it.
            if (!IsHere.Value) return;
            if (SpinWait.SpinUntil(() => CopyMark.Read(follower, _store.ShardPath).IsWhole, SimulatedStore.Patience)) Interlocked.Increment(ref late);
            SpinWait.SpinUntil(() => false, TimeSpan.FromMilliseconds(100)); // on its way back
        });
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "latentdb.store.copies.filled") self.EnableMeasurementEvents(instrument);
        };
        listener.Start();
        var sets = new TestCopySets();
        await using var links = new InMemoryLinks();
        var disk = new SimulatedDisk();
        await using ReplicatedSilo a = await StartAsync("a", disk, sets, links);
        Assert.True(await a.OpenAsync(sets));

        // The opening is over, so nothing is written from here on; and there is more to be sent than is queued before anything is.
        disk.Reserve(Path.Combine(_store.ShardPath, "more"), 2 * ReplicationLimits.CopyAheadBytes);
        await using ReplicatedSilo b = await StartAsync("b", follower, sets, links);
        await a.ServedAsync();

        Assert.Equal(1, late);
        Assert.Equal(Names, sets.Read(ReplicatedSilo.Shard)!.Members.AsEnumerable());
    }

    private Task<ReplicatedSilo> StartAsync(string name, SimulatedDisk disk, TestCopySets sets, InMemoryLinks links) => ReplicatedSilo.StartAsync(
        _store, name, disk, Names, sets, links, new ReplicationOptions { Mode = ReplicationMode.Quorum, Copies = 2, MinInSync = 2, DropAfter = TimeSpan.FromMilliseconds(1500) });
}
