using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Timeline;

public sealed class MemoryCatalogTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestModel _model = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Genesis_is_written_once_however_many_ask_and_not_again_after_a_restart()
    {
        int written = 0;
        Task<Manifest> Write(IBlockSink sink, CancellationToken token)
        {
            Interlocked.Increment(ref written);
            return _model.WriteGenesisAsync(sink, token);
        }

        for (int open = 0; open < 2; open++)
        {
            await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
            MemoryCatalog catalog = store.Catalog;
            Manifest[] all = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
                Task.Run(() => catalog.EnsureGenesisAsync(OpenStore.Key($"m{i}"), _model.Fingerprint, Write, CancellationToken.None))));
            Assert.Single(all.Select(TestModel.Fingerprinted).Distinct());
        }

        Assert.Equal(1, written);
    }

    [Fact]
    public async Task Listing_is_ordinal_per_tenant_and_pages_without_gap_or_repetition()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path, shards: 4);
        string[] names = ["a", "B", "a-1", "a.1", "Z9", "b", "zz", "m"];
        foreach (string name in names) await _model.CreateAsync(store.Catalog, OpenStore.Key(name));
        await _model.CreateAsync(store.Catalog, OpenStore.Key("other", tenant: "evil"));

        List<string> seen = [];
        MemoryId? after = null;
        while (await store.Catalog.ListAsync(TenantId.Parse("acme"), limit: 3, after, CancellationToken.None) is { Length: > 0 } page)
        {
            seen.AddRange(page.Select(m => m.Key.Memory.Value));
            after = page[^1].Key.Memory;
        }

        Assert.Equal(names.Order(StringComparer.Ordinal), seen);
    }

    [Fact]
    public async Task A_deleted_memory_is_gone_for_open_timelines_and_after_a_restart_and_its_name_is_free()
    {
        MemoryUid first;
        await using (OpenStore store = await OpenStore.AtAsync(_folder.Path))
        {
            MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
            await _model.InjectAsync(timeline, 1);
            first = timeline.Summary.Uid;
            await store.Catalog.EraseAsync(OpenStore.Key("bob"), CancellationToken.None);

            LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(async () => await timeline.ReadAsync(VersionSelector.Head, CancellationToken.None));
            Assert.Equal(ErrorCode.MemoryNotFound, error.Code);
        }

        await using OpenStore reopened = await OpenStore.AtAsync(_folder.Path);
        Assert.Equal(ErrorCode.MemoryNotFound, (await Assert.ThrowsAsync<LatentDbException>(() => reopened.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None))).Code);
        MemoryTimeline again = await _model.CreateAsync(reopened.Catalog, OpenStore.Key("bob"));
        Assert.NotEqual(first, again.Summary.Uid);
        Assert.Equal(VersionNumber.First, again.Summary.Head.Number);
    }

    [Fact]
    public async Task A_name_is_given_once_even_to_callers_at_the_same_time()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
        await store.Catalog.EnsureGenesisAsync(OpenStore.Key("bob"), _model.Fingerprint, _model.WriteGenesisAsync, CancellationToken.None);
        MemoryCatalog catalog = store.Catalog;

        bool[] won = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            try
            {
                await catalog.CreateAsync(OpenStore.Key("bob"), _model.Fingerprint, null, WriteOrigin.None, CancellationToken.None);
                return true;
            }
            catch (LatentDbException e) when (e.Code == ErrorCode.MemoryExists)
            {
                return false;
            }
        })));

        Assert.Single(won, w => w);
    }

    [Fact]
    public async Task The_shard_count_of_a_data_folder_cannot_change()
    {
        await using (await OpenStore.AtAsync(_folder.Path, shards: 2))
        {
        }

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => OpenStore.AtAsync(_folder.Path, shards: 4));

        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
    }

    [Fact]
    public async Task A_slice_larger_than_a_page_comes_back_whole()
    {
        var large = new TestModel(layers: 1, blockRows: 4, width: 1 << 20);
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline timeline = await large.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        await large.InjectAsync(timeline, 5);

        var address = new SliceAddress(new BlockId(timeline.Summary.Uid, 1), 0, SlicePart.Hidden);
        BlockSlice slice = await store.Catalog.Blocks.ReadAsync(address, CancellationToken.None);

        Assert.Equal(8 << 20, slice.TensorBytes);
        Assert.True(slice.Tensors[0].Bytes.Span.SequenceEqual(large.Slice(address, BlockKind.MemoryRows, 4, seed: 5).Tensors[0].Bytes.Span));
    }

    [Fact]
    public async Task A_manifest_larger_than_a_page_of_the_manifest_log_comes_back_whole()
    {
        const int Rows = 60_000;
        string stored;
        await using (OpenStore store = await OpenStore.AtAsync(_folder.Path))
        {
            Manifest manifest = await store.Catalog.EnsureGenesisAsync(OpenStore.Key("bob"), _model.Fingerprint, WriteScattered, CancellationToken.None);
            stored = TestModel.Fingerprinted(manifest);
        }

        await using OpenStore reopened = await OpenStore.AtAsync(_folder.Path);
        Manifest again = await reopened.Catalog.EnsureGenesisAsync(OpenStore.Key("bob"), _model.Fingerprint, WriteScattered, CancellationToken.None);
        Assert.Equal(stored, TestModel.Fingerprinted(again));

        async Task<Manifest> WriteScattered(IBlockSink sink, CancellationToken token)
        {
            Manifest small = await _model.WriteGenesisAsync(sink, token);
            ImmutableArray<RowRun> runs = [.. Enumerable.Range(0, Rows / 2).Select(i => new RowRun(0, i * 2, 1))];
            return new Manifest([small.Blocks[0] with { Rows = Rows }], [new LayerRows(runs, [], 0), new LayerRows(runs, [], 0)], 0);
        }
    }
}
