using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Timeline;

public sealed class MemoryTimelineTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestModel _model = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_appended_is_there_after_a_restart()
    {
        var before = new List<string>();
        await using (OpenStore store = await OpenStore.AtAsync(_folder.Path))
        {
            MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"), "{\"a\":1}");
            for (int seed = 1; seed <= 5; seed++) await _model.InjectAsync(timeline, seed);
            before.AddRange(await AllManifestsAsync(timeline));
        }

        await using OpenStore reopened = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline again = await reopened.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None);
        Assert.Equal(6, again.Summary.Head.Number.Value);
        Assert.Equal("{\"a\":1}", again.Summary.Metadata);
        Assert.Equal(before, await AllManifestsAsync(again));
    }

    [Fact]
    public async Task Slices_read_back_are_the_bytes_that_were_staged()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        await _model.InjectAsync(timeline, seed: 7);

        var address = new SliceAddress(new BlockId(timeline.Summary.Uid, 1), 1, SlicePart.Hidden);
        BlockSlice slice = await store.Catalog.Blocks.ReadAsync(address, CancellationToken.None);

        BlockSlice expected = _model.Slice(address, BlockKind.MemoryRows, rows: 4, seed: 6);
        Assert.Equal(expected.Tensors[0].Bytes.ToArray(), slice.Tensors[0].Bytes.ToArray());
    }

    [Fact]
    public async Task Rollback_restores_the_pool_bit_for_bit_and_keeps_history()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        for (int seed = 1; seed <= 3; seed++) await _model.InjectAsync(timeline, seed);
        VersionedManifest target = await timeline.ReadAsync(VersionSelector.Parse("2"), CancellationToken.None);

        MemoryVersion restored = await timeline.RollBackAsync(VersionSelector.Parse("2"), new VersionNumber(4), new WriteOrigin("op", "key-1"), CancellationToken.None);

        VersionedManifest head = await timeline.ReadAsync(VersionSelector.Head, CancellationToken.None);
        Assert.Equal(new VersionNumber(5), restored.Number);
        Assert.Equal(new VersionNumber(2), restored.RestoredFrom);
        Assert.Equal(TestModel.Fingerprinted(target.Manifest), TestModel.Fingerprinted(head.Manifest));
        Assert.Equal(5, timeline.ListVersions(10, null).Length);
    }

    [Fact]
    public async Task A_snapshot_names_its_version_after_later_writes_and_a_restart()
    {
        string pinned;
        await using (OpenStore store = await OpenStore.AtAsync(_folder.Path))
        {
            MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
            await _model.InjectAsync(timeline, 1);
            await timeline.CreateSnapshotAsync(SnapshotName.Parse("before-trip"), VersionSelector.Head, CancellationToken.None);
            pinned = TestModel.Fingerprinted((await timeline.ReadAsync(VersionSelector.Head, CancellationToken.None)).Manifest);
            await _model.InjectAsync(timeline, 2);
        }

        await using OpenStore reopened = await OpenStore.AtAsync(_folder.Path);
        VersionedManifest read = await (await reopened.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None)).ReadAsync(VersionSelector.Parse("before-trip"), CancellationToken.None);
        Assert.Equal(new VersionNumber(2), read.Version.Number);
        Assert.Equal(pinned, TestModel.Fingerprinted(read.Manifest));
    }

    [Fact]
    public async Task A_write_on_an_old_head_is_a_conflict()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        await _model.InjectAsync(timeline, 1);

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(
            () => timeline.RollBackAsync(VersionSelector.Parse("1"), VersionNumber.First, WriteOrigin.None, CancellationToken.None));

        Assert.Equal(ErrorCode.VersionConflict, error.Code);
    }

    [Fact]
    public async Task Blocks_that_were_staged_without_a_commit_are_gone_after_a_restart()
    {
        SliceAddress address;
        await using (OpenStore store = await OpenStore.AtAsync(_folder.Path))
        {
            MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
            await using AppendTransaction transaction = timeline.BeginAppend();
            ManifestDelta delta = await _model.StageAsync(transaction, 1);
            address = new SliceAddress(delta.Block, 0, SlicePart.Read);
            Assert.NotNull(await store.Catalog.Blocks.ReadAsync(address, CancellationToken.None));
        }

        await using OpenStore reopened = await OpenStore.AtAsync(_folder.Path);
        await Assert.ThrowsAsync<LatentDbException>(async () => await reopened.Catalog.Blocks.ReadAsync(address, CancellationToken.None));
        Assert.Equal(VersionNumber.First, (await reopened.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None)).Summary.Head.Number);
    }

    [Fact]
    public async Task A_repeated_operation_gets_the_first_answer_after_a_restart_too()
    {
        MemoryVersion first;
        await using (OpenStore store = await OpenStore.AtAsync(_folder.Path))
        {
            MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
            first = await _model.InjectAsync(timeline, 1, "op-1");
            await _model.InjectAsync(timeline, 2);
        }

        await using OpenStore reopened = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline again = await reopened.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None);
        Assert.Equal(first, again.FindOperation("op-1"));
        Assert.Equal(first, await _model.InjectAsync(again, 3, "op-1"));
        Assert.Equal(3, again.Summary.Head.Number.Value);
    }

    internal static async Task<List<string>> AllManifestsAsync(MemoryTimeline timeline)
    {
        var manifests = new List<string>();
        for (long number = 1; number <= timeline.Summary.Head.Number.Value; number++)
        {
            VersionedManifest read = await timeline.ReadAsync(new VersionSelector.NumberSelector(new VersionNumber(number)), CancellationToken.None);
            manifests.Add($"{read.Version} {TestModel.Fingerprinted(read.Manifest)}");
        }

        return manifests;
    }
}
