using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Crash;

/// <summary>The child of TwoOwnersTests: opens a shard of a shared folder and writes until it is refused, and tells each acknowledgement.</summary>
internal static class OwnerProcess
{
    public const string Verb = "own";

    private static readonly ShardId Shard = new(0);

    /// <param name="folder">The shared data folder.</param>
    /// <param name="seed">Of its operations.</param>
    /// <param name="leaseMilliseconds">For so long each line of the input prolongs its lease; 0 = it never learns that its lease is over.</param>
    /// <param name="print">Takes lines.</param>
    public static async Task RunAsync(string folder, int seed, int leaseMilliseconds, Action<string> print)
    {
        var store = new MemoryStoreService(new MemoryStoreOptions { Data = folder, IsShared = true, CompactionPause = TimeSpan.Zero }, new ShardSettings { IsShared = true });
        await store.StartAsync(CancellationToken.None);
        var lease = new FedLease(leaseMilliseconds);
        _ = Task.Run(lease.Feed);
        await store.OpenShardAsync(lease, CancellationToken.None);
        MemoryTimeline timeline = await FindAsync(store.Catalog);
        print($"OPENED {store.Shards.Shards.Single().Epoch.Value} {timeline.Summary.Head.Number.Value}");
        try
        {
            for (int i = 0; ; i++) print($"ACK {(await WriteAsync(timeline, $"{seed}-{i}", isInject: i % 3 == 0)).Value} {seed}-{i}");
        }
        catch (LatentDbException e)
        {
            print($"REFUSED {e.Code}");
        }
    }

    private static async Task<MemoryTimeline> FindAsync(MemoryCatalog catalog)
    {
        MemoryKey key = Program.Key("bob");
        if (catalog.Exists(key)) return await catalog.OpenAsync(key, CancellationToken.None);
        await catalog.EnsureGenesisAsync(key, CrashModel.Fingerprint, CrashModel.WriteGenesisAsync, CancellationToken.None);
        return await catalog.CreateAsync(key, CrashModel.Fingerprint, null, WriteOrigin.None, CancellationToken.None);
    }

    private static async Task<VersionNumber> WriteAsync(MemoryTimeline timeline, string operation, bool isInject)
    {
        VersionNumber head = timeline.Summary.Head.Number;
        if (!isInject) return (await timeline.RollBackAsync(VersionSelector.Head, head, new WriteOrigin(operation, null), CancellationToken.None)).Number;
        await using AppendTransaction transaction = timeline.BeginAppend();
        int content = CrashModel.SeedOf(operation);
        var draft = new VersionDraft(await CrashModel.StageAsync(transaction, content), CrashModel.Fingerprint, (ulong)content, 16, operation);
        return (await timeline.AppendAsync(transaction, draft, head, CancellationToken.None)).Number;
    }

    /// <summary>A lease that each line of the standard input prolongs: the parent is the authority.</summary>
    private sealed class FedLease(int milliseconds) : ShardLease
    {
        private long _fedAt = Environment.TickCount64;
        private volatile bool _isOver;

        public override ShardId Shard => OwnerProcess.Shard;

        public override long Term => 1;

        public override bool IsHeld
        {
            get
            {
                if (milliseconds > 0 && Environment.TickCount64 - Interlocked.Read(ref _fedAt) > milliseconds) _isOver = true;
                return !_isOver;
            }
        }

        public override CancellationToken Lost => CancellationToken.None;

        public void Feed()
        {
            while (Console.In.ReadLine() is not null)
            {
                // What was waiting while the process slept was sent before its end: it brings nothing back, because the look at the clock comes first.
                if (IsHeld) Interlocked.Exchange(ref _fedAt, Environment.TickCount64);
            }
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
