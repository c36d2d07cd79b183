using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Integrity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.MemoryStore.Tests.Integrity;

/// <summary>A store with everything in it, in files as small as they may be: three epochs, forks, snapshots, an erased memory, compacted logs.</summary>
internal sealed class SmallStore : IAsyncDisposable
{
    private SmallStore(MemoryStoreService service) => Service = service;

    /// <summary>Pages of 8 KiB, segments of 16 KiB, a checkpoint every 16 frames, an image every 4 writes.</summary>
    public static ShardSettings Settings { get; } = new()
    {
        ManifestGeometry = new LogGeometry(8 << 10, 64 << 10, 16 << 10),
        BlockGeometry = new LogGeometry(8 << 10, 64 << 10, 16 << 10),
        FramesBetweenCheckpoints = 16,
        WritesBetweenImages = 4,
    };

    /// <summary>Slices of two frames each.</summary>
    public static TestModel Model { get; } = new(width: 300);

    public MemoryStoreService Service { get; }

    public MemoryCatalog Catalog => Service.Catalog;

    public Shard Shard => Service.Shards.Shards.First();

    public static async Task<SmallStore> OpenAsync(string folder, ILogger? logger = null, int shards = 1, ShardSettings? settings = null)
    {
        var options = new MemoryStoreOptions { Data = folder, Shards = shards, CompactionPause = TimeSpan.Zero, ScrubBytesPerSecond = 0, RetentionDays = null };
        var service = new MemoryStoreService(options, (settings ?? Settings) with { Logger = logger ?? NullLogger.Instance });
        try
        {
            await service.StartAsync(CancellationToken.None);
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }

        return new SmallStore(service);
    }

    /// <summary>Fills a new folder: bob with eight versions, his fork fred, ann, and eve who was erased after a fork of hers.</summary>
    public static async Task FillAsync(string folder)
    {
        await using (SmallStore store = await OpenAsync(folder))
        {
            MemoryTimeline bob = await Model.CreateAsync(store.Catalog, OpenStore.Key("bob"), """{"name":"Bob"}""");
            for (int seed = 1; seed <= 4; seed++) await Model.InjectAsync(bob, seed);
            await bob.CreateSnapshotAsync(SnapshotName.Parse("before"), VersionSelector.Head, CancellationToken.None);
            MemoryTimeline eve = await Model.CreateAsync(store.Catalog, OpenStore.Key("eve"));
            await Model.InjectAsync(eve, 50);
            await store.ForkAsync("eve", "heir");
        }

        await using (SmallStore store = await OpenAsync(folder))
        {
            MemoryTimeline bob = await store.TimelineAsync("bob");
            await Model.InjectAsync(bob, 5);
            await bob.RollBackAsync(VersionSelector.Parse("3"), bob.Summary.Head.Number, WriteOrigin.None, CancellationToken.None);
            await store.ForkAsync("bob", "fred");
            await store.Catalog.EraseAsync(OpenStore.Key("eve"), CancellationToken.None);
        }

        await using (SmallStore store = await OpenAsync(folder))
        {
            MemoryTimeline bob = await store.TimelineAsync("bob");
            await Model.InjectAsync(bob, 6);
            MemoryTimeline ann = await Model.CreateAsync(store.Catalog, OpenStore.Key("ann"));
            for (int seed = 30; seed < 33; seed++) await Model.InjectAsync(ann, seed);
            await store.Shard.ManifestLog.CheckpointAsync();
            await InjectTextAsync(bob, 7);
        }
    }

    private static async Task InjectTextAsync(MemoryTimeline timeline, int seed)
    {
        await using AppendTransaction transaction = timeline.BeginAppend();
        var draft = new VersionDraft([await Model.StageAsync(transaction, seed)], Model.Fingerprint, (ulong)seed, Tokens: 16, "op-7")
        {
            Author = "key-1",
            Metadata = """{"source":"chat"}""",
            Text = "Bob likes tea.",
        };
        await timeline.AppendAsync(transaction, draft, timeline.Summary.Head.Number, CancellationToken.None);
    }

    public Task<MemoryTimeline> TimelineAsync(string name) => Catalog.OpenAsync(OpenStore.Key(name), CancellationToken.None);

    public Task ForkAsync(string source, string target) =>
        Catalog.ForkAsync(OpenStore.Key(source), VersionSelector.Head, OpenStore.Key(target), null, WriteOrigin.None, CancellationToken.None);

    public Task<ScrubReport> ScrubAsync(string? memory = null) =>
        Service.Scrubber.ScrubAsync(memory is null ? null : OpenStore.Key(memory), progress: null, CancellationToken.None);

    /// <summary>Path of the segment with that address, and the place in it.</summary>
    public (string Path, long Offset) FileOf(RecordLocation location, LogName log, int part = 0)
    {
        long segmentBytes = Shard.Epochs.SegmentBytesOf(location, log);
        long address = location.Addresses[part];
        return (LogFolder.SegmentPath(Shard.Layout.LogFolderOf(location.Epoch, log), (int)(address / segmentBytes)), address % segmentBytes);
    }

    /// <summary>Changes one byte of the payload of a record.</summary>
    public void Damage(RecordLocation location, LogName log, int part = 0)
    {
        (string path, long offset) = FileOf(location, log, part);
        Flip(path, offset + LogGeometry.EntryHeaderBytes + FrameHeader.Bytes + 5);
    }

    public static void Flip(string path, long at, byte mask = 0x20)
    {
        using IDiskFile file = LocalDisk.Instance.Open(path, DiskAccess.Write);
        byte[] one = new byte[1];
        _ = file.Read(one, at);
        one[0] ^= mask;
        file.Write(one, at);
    }

    public ValueTask DisposeAsync() => Service.DisposeAsync();
}

/// <summary>Keeps what is logged.</summary>
internal sealed class KeptLog : ILogger
{
    private readonly List<string> _lines = [];

    public string Text
    {
        get
        {
            lock (_lines) return string.Join('\n', _lines);
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines) _lines.Add($"{logLevel}: {formatter(state, exception)}");
    }
}
