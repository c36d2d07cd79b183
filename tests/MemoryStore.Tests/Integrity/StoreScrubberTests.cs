using System.Text.Json;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Integrity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Integrity;

public sealed class StoreScrubberTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_whole_store_is_clean_and_everything_in_it_is_counted()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);

        ScrubReport report = await store.ScrubAsync();

        Assert.True(report.IsClean, string.Join('\n', report.Damages));
        Assert.Empty(report.Skipped);
        Assert.Equal(4, report.Totals.Memories);
        Assert.Equal(9 + 1 + 1 + 4, report.Totals.Versions);
        Assert.True(report.Totals.Slices >= 40, report.Totals.ToString());
        Assert.True(report.Totals.Frames >= 100, report.Totals.ToString());
        Assert.True(report.Totals.KeySlots >= 5, report.Totals.ToString());
        Assert.Same(report, store.Service.Scrubber.Last);
    }

    [Fact]
    public async Task A_compacted_store_is_clean()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        MemoryTimeline ann = await store.TimelineAsync("ann");
        for (int seed = 100; seed < 140; seed++) await SmallStore.Model.InjectAsync(ann, seed);
        await store.Catalog.EraseAsync(OpenStore.Key("bob"), CancellationToken.None);
        await store.Service.Compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None);

        ScrubReport report = await store.ScrubAsync();

        Assert.True(report.IsClean, string.Join('\n', report.Damages));
    }

    [Fact]
    public async Task A_scrub_of_one_memory_looks_at_that_one()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        store.Damage((await StateOfAsync(store, "ann")).Blocks[0].Slices[0].Location, LogName.Blocks);

        Assert.True((await store.ScrubAsync("fred")).IsClean);
        Assert.False((await store.ScrubAsync("ann")).IsClean);
        Assert.Equal(ErrorCode.MemoryNotFound, (await Assert.ThrowsAsync<LatentDbException>(() => store.ScrubAsync("nobody"))).Code);
    }

    [Fact]
    public async Task A_damaged_slice_is_told_with_the_versions_that_need_it()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        StoredBlock block = (await StateOfAsync(store, "bob")).Blocks[1];
        store.Damage(block.Slices[0].Location, LogName.Blocks, part: 1);

        ScrubReport report = await store.ScrubAsync();

        StoreDamage damage = Assert.Single(report.Damages, d => d.Kind == DamageKind.Block);
        Assert.Contains($"Block {block.Id.Sequence} of acme/bob, layer 0", damage.Message, StringComparison.Ordinal);
        Assert.Equal(await VersionsNamingAsync(store, "bob", block, layer: 0), damage.Needs.Single(n => n.Memory == "acme/bob").ToString());
        StoreDamage frame = Assert.Single(report.Damages, d => d.Kind == DamageKind.Frame);
        Assert.Equal(damage.Needs.Select(n => n.ToString()).Order(StringComparer.Ordinal), frame.Needs.Select(n => n.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal(block.Slices[0].Location.Addresses[1], frame.Place.Address);
    }

    [Fact]
    public async Task A_damaged_version_is_told_with_those_that_are_built_on_it()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        store.Damage((await StateOfAsync(store, "bob")).Versions[2].Location!, LogName.Manifest);

        ScrubReport report = await store.ScrubAsync();

        // Versions 5 and 9 are images; 7 repeats 3.
        StoreDamage damage = Assert.Single(report.Damages, d => d.Kind == DamageKind.Version);
        Assert.Equal("versions 3 to 4 and 7 to 8 of acme/bob", Assert.Single(damage.Needs).ToString());
    }

    [Fact]
    public async Task A_damaged_state_is_told_with_its_memory()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        store.Damage(store.Shard.Index.Directory.Find(OpenStore.Key("fred"))!.State!, LogName.Manifest);

        ScrubReport report = await store.ScrubAsync();

        StoreDamage damage = Assert.Single(report.Damages, d => d.Kind == DamageKind.MemoryState);
        Assert.Contains("acme/fred", damage.Message, StringComparison.Ordinal);
        Assert.Equal("acme/fred", Assert.Single(damage.Needs).Memory);
    }

    [Fact]
    public async Task A_missing_segment_is_told_with_who_needs_it()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        StoredBlock block = (await StateOfAsync(store, "bob")).Blocks[0];
        File.Delete(store.FileOf(block.Slices[0].Location, LogName.Blocks).Path);

        ScrubReport report = await store.ScrubAsync();

        StoreDamage damage = Assert.Single(report.Damages, d => d.Kind == DamageKind.SegmentMissing);
        Assert.Contains(damage.Needs, n => n.Memory == "acme/bob");
    }

    [Fact]
    public async Task A_wrong_count_of_live_bytes_is_told()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        store.Shard.Index.Usage.Add((await StateOfAsync(store, "bob")).Blocks[0].Slices[0].Location, LogName.Blocks);

        ScrubReport report = await store.ScrubAsync();

        Assert.Contains(report.Damages, d => d.Kind == DamageKind.Usage);
    }

    [Fact]
    public async Task A_report_can_be_written_as_JSON()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        store.Damage((await StateOfAsync(store, "bob")).Blocks[1].Slices[0].Location, LogName.Blocks);

        string json = JsonSerializer.Serialize(await store.ScrubAsync());

        Assert.Contains("\"Kind\":\"Block\"", json, StringComparison.Ordinal);
        Assert.Contains("\"Memory\":\"acme/bob\"", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_whose_last_segment_is_deleted_while_it_is_read_has_lost_nothing()
    {
        await using (SmallStore first = await SmallStore.OpenAsync(_folder.Path))
        {
            MemoryTimeline ann = await SmallStore.Model.CreateAsync(first.Catalog, OpenStore.Key("ann"));
            for (int seed = 1; seed <= 20; seed++) await SmallStore.Model.InjectAsync(ann, seed);
        }

        var disk = new VanishingDisk(LocalDisk.Instance);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path, settings: SmallStore.Settings with { Disk = disk });
        await store.Catalog.EraseAsync(OpenStore.Key("ann"), CancellationToken.None);
        EpochSeal seal = store.Shard.Epochs.Seals.First();
        int segment = (int)((seal.Blocks.Address - 1) / SmallStore.Settings.BlockGeometry.SegmentBytes);
        string path = LogFolder.SegmentPath(store.Shard.Layout.LogFolderOf(seal.Epoch, LogName.Blocks), segment);
        Assert.True(segment > 0 && File.Exists(path), path);
        disk.Vanishing = path;

        ScrubReport report = await store.ScrubAsync();

        Assert.False(File.Exists(path));
        Assert.True(report.IsClean, string.Join('\n', report.Damages));
    }

    [Fact]
    public async Task A_scrub_beside_writes_and_compaction_finds_nothing_wrong()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        using var ending = new CancellationTokenSource();
        Task writes = WriteAsync(store, ending.Token);
        Task compaction = CompactAsync(store, ending.Token);
        for (int pass = 0; pass < 12; pass++)
        {
            ScrubReport report = await store.ScrubAsync();
            Assert.True(report.IsClean, string.Join('\n', report.Damages));
        }

        await ending.CancelAsync();
        await writes;
        await compaction;
        ScrubReport last = await store.ScrubAsync();
        Assert.True(last.IsClean, string.Join('\n', last.Damages));
        Assert.Empty(last.Skipped);
    }

    private static async Task WriteAsync(SmallStore store, CancellationToken ending)
    {
        await Task.Yield();
        MemoryTimeline ann = await store.TimelineAsync("ann");
        for (int i = 0; !ending.IsCancellationRequested; i++)
        {
            await SmallStore.Model.InjectAsync(ann, i);
            string name = $"m{i % 5}";
            if (i % 7 == 0) await store.Service.Keys.RotateTenantAsync(TenantId.Parse("acme"), CancellationToken.None);
            if (store.Shard.Index.Directory.Find(OpenStore.Key(name)) is not null) await store.Catalog.EraseAsync(OpenStore.Key(name), CancellationToken.None);
            await store.ForkAsync("ann", name);
        }
    }

    private static async Task CompactAsync(SmallStore store, CancellationToken ending)
    {
        await Task.Yield();
        while (!ending.IsCancellationRequested)
        {
            await store.Service.Compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None);
        }
    }

    private static async Task<MemoryState> StateOfAsync(SmallStore store, string name)
    {
        MemoryRef memory = store.Shard.Index.Directory.Find(OpenStore.Key(name))!;
        return (await store.Shard.Memories.FindAsync(memory, CancellationToken.None))!.ToState();
    }

    private static async Task<string> VersionsNamingAsync(SmallStore store, string name, StoredBlock block, int layer)
    {
        MemoryTimeline timeline = await store.TimelineAsync(name);
        var numbers = new List<VersionNumber>();
        foreach (MemoryVersion version in timeline.ListVersions(100, null).Reverse())
        {
            Manifest manifest = (await timeline.ReadAsync(new VersionSelector.NumberSelector(version.Number), CancellationToken.None)).Manifest;
            LayerRows rows = manifest.Layers[layer];
            bool isNamed = rows.Pool.Any(r => manifest.Blocks[r.Block].Id == block.Id) || rows.Bank.Any(r => manifest.Blocks[r.Block].Id == block.Id);
            if (isNamed) numbers.Add(version.Number);
        }

        return $"{VersionSpans.From(numbers).Words()} of acme/{name}";
    }
}
