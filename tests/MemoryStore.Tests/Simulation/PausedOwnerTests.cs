using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Fuzz;
using LatentDb.MemoryStore.Tests.Support;
using Xunit.Abstractions;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>
/// An owner is stopped before one operation of its disk, another one opens the shard and acknowledges writes, the first one wakes: for every operation of
/// everything that an owner does. The first one acknowledges nothing more and touches nothing of the second one's; nothing acknowledged is lost.
/// </summary>
/// <remarks>
/// No lock is in the way and no lease ends here, but that of an opener, which else would be the newest owner by right: the history of states must hold alone.
/// </remarks>
public sealed class PausedOwnerTests(ITestOutputHelper output) : IDisposable
{
    private const int MaxOperations = 3000;

    private readonly SimulatedStore _store = new();

    public static TheoryData<string> Acts => [.. PausedOwnerActs.Names];

    public void Dispose() => _store.Dispose();

    [Theory]
    [MemberData(nameof(Acts))]
    public async Task Stopped_before_any_operation_it_harms_nobody_when_it_wakes(string name)
    {
        PausedOwnerActs acts = await PausedOwnerActs.PrepareAsync(_store, name);
        int at = 0;
        for (bool isMet = true; isMet; at++)
        {
            Assert.True(at < MaxOperations, $"{at} operations");
            SimulatedDisk disk = acts.Disk.Copy();
            await using PausedOwner stale = await acts.StartAsync(disk, at);
            isMet = stale.IsPaused;
            if (!isMet) break;
            SimulatedWriter writer = stale.Writer.Successor(at);
            await using (OpenStore next = await _store.OpenSharedAsync(disk, new TestLease(new ShardId(0), term: 2)))
            {
                await TakeOverAsync(next, writer, $"{name} {at}");
                int acknowledged = stale.Writer.Acknowledged;
                string before = FilesOf(disk, next.Shard);
                if (acts.IsOpening) stale.Lease.Lose();
                await stale.ResumeToEndAsync();

                Assert.True(acknowledged == stale.Writer.Acknowledged, $"{name} {at}: acknowledged after another owner had opened the shard");
                Assert.True(before == FilesOf(disk, next.Shard), $"{name} {at}: wrote into the other owner's files");
                Assert.True(KeysBeside(disk, next.Shard) is [], $"{name} {at}: {string.Join(' ', KeysBeside(disk, next.Shard))} could bring an erased memory back");
                Assert.Null(next.Shard.Failure);
                await TakeOverAsync(next, writer, $"{name} {at}, afterwards");
            }

            await CheckReopenedAsync(disk, writer, at);
        }

        output.WriteLine($"{name}: {at} operations");
    }

    /// <summary>Both are stopped: the owner somewhere, the opener somewhere in its opening while the owner goes on to its end.</summary>
    [Theory]
    [MemberData(nameof(Acts))]
    public async Task Waking_in_the_middle_of_the_next_opening_it_harms_nobody(string name)
    {
        PausedOwnerActs acts = await PausedOwnerActs.PrepareAsync(_store, name);
        int rounds = LongMode.Rounds(inCI: 150, whole: 5000);
        (int operations, int opening) = (await acts.CountAsync(), await acts.CountOpeningAsync());
        int failed = 0;
        for (int seed = 0; seed < rounds; seed++)
        {
            var random = new Random(seed);
            (int at, int openAt) = (random.Next(operations), random.Next(opening));
            string what = $"{name} {seed} ({at}, {openAt})";
            SimulatedDisk disk = acts.Disk.Copy();
            await using PausedOwner stale = await acts.StartAsync(disk, at);
            await using PausedOwner next = await PausedOwner.StartAsync(_store, disk, stale.Writer, act: null, openAt, writes: 0);
            if (acts.IsOpening) stale.Lease.Lose();

            // What it acknowledges until it is followed counts; so whoever comes next must have it.
            await stale.ResumeToEndAsync();
            SimulatedWriter writer = stale.Writer.Successor(seed);
            await next.ResumeAsync();
            if (next.Store is OpenStore open) await TakeOverAsync(open, writer, what);
            else failed += RequireToBeTriedAgain(next.Error, what);
            await next.ResumeToEndAsync();
            await CheckReopenedAsync(disk, writer, seed);
        }

        output.WriteLine($"{name}: {rounds} pairs of {operations} x {opening}, {failed} openings to be tried again");
    }

    private static int RequireToBeTriedAgain(Exception? error, string what)
    {
        Assert.True(error is LatentDbException { Code: var code } && (code == ErrorCode.StaleOwner || code == ErrorCode.StoreUnavailable), $"{what}: {error}");
        return 1;
    }

    private async Task CheckReopenedAsync(SimulatedDisk disk, SimulatedWriter writer, int seed)
    {
        await using OpenStore again = await _store.OpenSharedAsync(disk.AfterPowerCut(seed), new TestLease(new ShardId(0), term: 3));
        await writer.CheckAsync(again.Catalog).WaitAsync(SimulatedStore.Patience);
    }

    private static async Task TakeOverAsync(OpenStore next, SimulatedWriter writer, string what)
    {
        try
        {
            await writer.CheckAsync(next.Catalog).WaitAsync(SimulatedStore.Patience);
            for (int i = 0; i < 2; i++) await writer.StepAsync(next.Catalog).WaitAsync(SimulatedStore.Patience);
            await writer.CheckAsync(next.Catalog).WaitAsync(SimulatedStore.Patience);
        }
        catch (Exception e) when (e is LatentDbException or InvalidOperationException)
        {
            throw new InvalidOperationException($"{what}: {e.Message}", e);
        }
    }

    /// <summary>Keys of memories in folders of other epochs: what is erased now would not be erased there.</summary>
    private static string[] KeysBeside(SimulatedDisk disk, Shard shard) =>
    [
        .. shard.Layout.Epochs().Where(e => e != shard.Epoch).SelectMany(e => disk.Files(shard.Layout.EpochFolder(e)))
            .Where(path => Path.GetFileName(path) is "keys.a" or "keys.b"),
    ];

    /// <summary>All bytes of the owner's own folder, and of every segment that it reads.</summary>
    private static string FilesOf(SimulatedDisk disk, Shard shard)
    {
        var files = new List<string>();
        foreach (string folder in new[] { shard.Layout.EpochFolder(shard.Epoch), shard.Layout.ManifestFolder(shard.Epoch), shard.Layout.BlocksFolder(shard.Epoch) })
        {
            files.AddRange(disk.Files(folder).Select(path => $"{path} {Checksum.Crc32C(disk.ReadAll(path)):x8}"));
        }

        files.Add(shard.Layout.States.Read()!.ToString());
        return string.Join('\n', files);
    }
}
