using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Retention;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Transfer;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>Exports and imports beside retention and compaction: gaps travel along, and nothing that is on its way is taken for garbage.</summary>
public sealed class TransferRetentionTests : IDisposable
{
    private static readonly MemoryKey Alice = OpenStore.Key("alice");

    /// <summary>Segments so small that a short history fills several.</summary>
    private static readonly ShardSettings Small = new()
    {
        ManifestGeometry = new LogGeometry(16 << 10, 128 << 10, 64 << 10),
        BlockGeometry = new LogGeometry(32 << 10, 128 << 10, 64 << 10),
    };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 4)]
    [InlineData(3, 15)]
    [InlineData(4, 40)]
    public async Task A_memory_with_gaps_comes_back_with_the_same_gaps(int seed, int kept)
    {
        await using TransferStore source = await TransferStore.AtAsync(_folder.Combine("source"), settings: Small);
        await using TransferStore target = await TransferStore.WithModelAsync(_folder.Combine("target"), Alice);
        MemoryTimeline before = await source.CreateAsync(Alice, seed, steps: 60);
        DateTimeOffset early = before.GetVersion(new VersionNumber(3)).CommittedAt.ToUtc();
        CompactionReport report = await CompactAsync(source, new RetentionPolicy(null, kept));

        await target.ImportAsync(await source.ExportAsync(Alice), Alice);

        Assert.True(report.VersionsDropped > 10, $"{report}");
        Assert.Equal(await source.ReadEverythingAsync(Alice), await target.ReadEverythingAsync(Alice));
        MemoryTimeline after = await target.Catalog.OpenAsync(Alice, CancellationToken.None);
        foreach (VersionSelector gone in new[] { VersionSelector.Parse("3"), new VersionSelector.TimeSelector(early) })
        {
            var error = await Assert.ThrowsAsync<LatentDbException>(() => after.ReadAsync(gone, CancellationToken.None).AsTask());
            Assert.Equal(ErrorCode.VersionExpired, error.Code);
        }

        Assert.Equal(62, (await TransferStore.InjectAsync(after, seed: 99)).Number.Value);
    }

    [Fact]
    public async Task Compaction_takes_nothing_that_an_import_has_staged()
    {
        await using TransferStore source = await TransferStore.AtAsync(_folder.Combine("source"));
        await source.CreateAsync(Alice, seed: 5, steps: 60);
        byte[] archive = await source.ExportAsync(Alice);
        await using TransferStore target = await TransferStore.AtAsync(_folder.Combine("target"), settings: Small);
        await LeaveGarbageAsync(target);
        var stalled = new StallingStream(archive, archive.Length - 10);
        Task<MemorySummary> import = target.Importer.ImportAsync(stalled, Alice, new ImportOptions(), null, CancellationToken.None);
        await stalled.Stalled;
        await LeaveGarbageAsync(target);

        CompactionReport report = await CompactAsync(target, RetentionPolicy.Forever);
        stalled.Release();
        await import;

        Assert.True(report.SegmentsDeleted > 0, $"{report}");
        Assert.Equal(await source.ReadEverythingAsync(Alice), await target.ReadEverythingAsync(Alice));
    }

    [Fact]
    public async Task An_export_finds_what_compaction_moves_away_under_it()
    {
        await using TransferStore source = await TransferStore.AtAsync(_folder.Combine("source"), settings: Small);
        await using TransferStore target = await TransferStore.WithModelAsync(_folder.Combine("target"), Alice);
        await LeaveGarbageAsync(source, () => source.CreateAsync(Alice, seed: 6, steps: 60));
        int length = (await source.ExportAsync(Alice)).Length;
        CompactionReport report = CompactionReport.Empty;
        using var stream = new ActingStream(length / 3, async () => report = await CompactAsync(source, RetentionPolicy.Forever));

        await source.Exporter.ExportAsync(Alice, new ExportOptions(), stream, null, CancellationToken.None);
        await target.ImportAsync(stream.ToArray(), Alice);

        Assert.True(report.SegmentsDeleted > 0 && report.CopiedBytes > 0, $"{report}");
        Assert.Equal(await source.ReadEverythingAsync(Alice), await target.ReadEverythingAsync(Alice));
    }

    [Fact]
    public async Task An_export_of_versions_that_retention_drops_meanwhile_ends_without_an_archive()
    {
        await using TransferStore source = await TransferStore.AtAsync(_folder.Combine("source"));
        await source.CreateAsync(Alice, seed: 7, steps: 60);
        int length = (await source.ExportAsync(Alice)).Length;
        using var stream = new ActingStream(length / 3, () => CompactAsync(source, new RetentionPolicy(null, 1)));

        var error = await Assert.ThrowsAsync<LatentDbException>(() => source.Exporter.ExportAsync(Alice, new ExportOptions(), stream, null, CancellationToken.None));

        Assert.Equal(ErrorCode.VersionExpired, error.Code);
        await ArchiveTests.AssertInvalidAsync(() => ArchiveBytes.ReadAsync(stream.ToArray()), "is cut off");
    }

    /// <summary>Memories that are made and erased, with something that stays in the middle.</summary>
    private static async Task LeaveGarbageAsync(TransferStore store, Func<Task>? middle = null)
    {
        MemoryKey[] keys = [.. Enumerable.Range(0, 4).Select(i => OpenStore.Key($"garbage-{i}"))];
        foreach (MemoryKey key in keys) await store.CreateAsync(key, seed: 90, steps: 20);
        if (middle is not null) await middle();
        foreach (MemoryKey key in keys) await store.Catalog.EraseAsync(key, CancellationToken.None);
    }

    private static async Task<CompactionReport> CompactAsync(TransferStore store, RetentionPolicy policy)
    {
        using var compactor = new StoreCompactor(() => store.Store.Shards, _ => policy, TimeProvider.System, NullLogger.Instance);
        return await compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None);
    }
}
