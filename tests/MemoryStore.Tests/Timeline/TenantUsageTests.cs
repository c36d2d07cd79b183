using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Integrity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Transfer;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Timeline;

/// <summary>What a tenant has stored is known without looking at its memories, and is what looking at them gives.</summary>
public sealed class TenantUsageTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_verb_moves_the_count_by_what_it_adds_or_takes()
    {
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        Assert.Equal(default, UsageOf(store));

        MemoryTimeline bob = await SmallStore.Model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        Assert.Equal(new TenantUsage(1, 0), UsageOf(store));
        long block = (await SmallStore.Model.InjectAsync(bob, 1)).BlockBytes;
        await SmallStore.Model.InjectAsync(bob, 2);
        Assert.Equal(new TenantUsage(1, 2 * block), UsageOf(store));

        await bob.RollBackAsync(VersionSelector.Parse("2"), bob.Summary.Head.Number, WriteOrigin.None, CancellationToken.None);
        Assert.Equal(new TenantUsage(1, 2 * block), UsageOf(store));
        await store.ForkAsync("bob", "fred");
        Assert.Equal(new TenantUsage(2, 3 * block), UsageOf(store));

        using var archive = new MemoryStream();
        await store.Service.Exporter.ExportAsync(OpenStore.Key("bob"), new ExportOptions(), archive, null, CancellationToken.None);
        archive.Position = 0;
        await store.Service.Importer.ImportAsync(archive, OpenStore.Key("copy"), new ImportOptions(), null, CancellationToken.None);
        Assert.Equal(new TenantUsage(3, 5 * block), UsageOf(store));

        await store.Catalog.EraseAsync(OpenStore.Key("bob"), CancellationToken.None);
        Assert.Equal(new TenantUsage(2, 3 * block), UsageOf(store));
        Assert.Equal(default, store.Catalog.UsageOf(TenantId.Parse("other")));
        await StoreContent.CheckUsageAsync(store.Catalog);
    }

    [Fact]
    public async Task Retention_and_compaction_keep_the_count_right_also_over_a_restart()
    {
        var options = new MemoryStoreOptions { Data = _folder.Path, CompactionPause = TimeSpan.Zero, ScrubBytesPerSecond = 0, RetentionDays = null, RetentionVersions = 2 };
        await using (var service = new MemoryStoreService(options, SmallStore.Settings))
        {
            await service.StartAsync(CancellationToken.None);
            MemoryTimeline bob = await SmallStore.Model.CreateAsync(service.Catalog, OpenStore.Key("bob"));
            for (int seed = 1; seed < 80; seed += 2) await SmallStore.Model.InjectAsync(bob, seed); // Odd seeds: what leaves the pool is lost, not banked.
            long before = service.Catalog.UsageOf(TenantId.Parse("acme")).Bytes;
            await service.Compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None);
            Assert.True(service.Catalog.UsageOf(TenantId.Parse("acme")).Bytes < before, "retention dropped nothing");
            await StoreContent.CheckUsageAsync(service.Catalog);
        }

        await using var reopened = new MemoryStoreService(options, SmallStore.Settings);
        await reopened.StartAsync(CancellationToken.None);
        await StoreContent.CheckUsageAsync(reopened.Catalog);
    }

    [Fact]
    public async Task A_store_of_a_program_that_did_not_count_is_counted_once()
    {
        string zip = RepositoryFiles.Combine("tests", "MemoryStore.Tests", "Formats", "store-2.zip");
        await System.IO.Compression.ZipFile.ExtractToDirectoryAsync(zip, _folder.Path, CancellationToken.None);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder.Combine("master.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        for (int opening = 0; opening < 2; opening++)
        {
            await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
            Assert.True(UsageOf(store).Bytes > 0, "nothing was counted");
            await StoreContent.CheckUsageAsync(store.Catalog);
        }
    }

    private static TenantUsage UsageOf(SmallStore store) => store.Catalog.UsageOf(TenantId.Parse("acme"));
}
