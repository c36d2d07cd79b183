using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>Stored rows against hidden rows, and versions against each other: properties 24 and 25 of the specification.</summary>
public sealed class RepresentationTests
{
    private static readonly TinyModelOptions Sizes = TinyModelOptions.MPlus;

    // Property 25, in double precision: slots in any order, attended in that order, rotated by rank.
    [Fact]
    public void Stored_keys_and_values_with_ranks_equal_hidden_rows_projected_in_order()
    {
        var reference = new DoubleModel(new TinyModel(new TinyModelOptions()));
        int[] ids = [5, 9, 2, 77];
        Func<int, KeyValue[]> projected = reference.Prefix(reference.Pool);

        KeyValue[] Slots(int layer)
        {
            KeyValue[] byRank = projected(layer);
            return [.. Permutation(byRank.Length, seed: layer).Select(rank => byRank[rank] with { Rank = rank })];
        }

        Assert.True(Near.Largest(reference.Read(ids, projected), reference.Read(ids, Slots)) <= 1e-10);
    }

    // Property 25: the stored rows of a long history against the hidden rows of the same history.
    [Theory]
    [InlineData(ElementType.F32, 2e-4)]
    [InlineData(ElementType.BF16, 0.05)]
    public async Task A_read_of_stored_rows_equals_one_of_hidden_rows(ElementType storage, double tolerance)
    {
        using var host = new TinyHost(new TinyModel(new TinyModelOptions()), storage: storage);
        var reference = new DoubleModel(host.Weights);
        using var exact = new TinyHost(host.Weights);
        Manifest memory = await host.WriteManyAsync(await host.GenesisAsync(), 6);
        Manifest same = await exact.WriteManyAsync(await exact.GenesisAsync(), 6);
        int[] ids = host.Ids(5);
        double[][][] pools = [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(async layer => (await exact.State.PoolAsync(same, layer)).Chunk(64).ToArray()))];

        float[] logits = await host.LogitsAsync(memory, ids);

        Near.Equal(reference.Read(ids, reference.Prefix(layer => pools[layer]))[^1], logits, tolerance);
    }

    // Property 25: the same rows in another place are the same memory, bit for bit.
    [Fact]
    public async Task Where_a_row_is_stored_changes_nothing()
    {
        using var host = new TinyHost(Sizes);
        Manifest memory = await host.WriteManyAsync(await host.GenesisAsync(), 5);
        Manifest moved = await ShuffleAsync(host, memory);

        Assert.Equal(await host.LogitsAsync(memory, host.Ids(7)), await host.LogitsAsync(moved, host.Ids(7)));
        Assert.Equal(await host.DeltaAsync(memory, host.Ids(20)), await host.DeltaAsync(moved, host.Ids(20)));
    }

    // Property 24.
    [Fact]
    public async Task From_one_version_the_same_writes_and_reads_repeat_bit_for_bit()
    {
        using var host = new TinyHost(Sizes);
        Manifest snapshot = await host.WriteManyAsync(await host.GenesisAsync(), 3);

        Manifest once = await host.WriteManyAsync(snapshot, 4, firstSeed: 50);
        float[] logits = await host.LogitsAsync(once, host.Ids(7));
        await host.WriteManyAsync(snapshot, 2, firstSeed: 900);
        Manifest again = await host.WriteManyAsync(snapshot, 4, firstSeed: 50);

        Assert.Equal(logits, await host.LogitsAsync(again, host.Ids(7)));
        for (int layer = 0; layer < 3; layer++) Assert.Equal(await host.State.PoolAsync(once, layer), await host.State.PoolAsync(again, layer));
    }

    // Property 24.
    [Fact]
    public async Task Two_forks_go_their_own_ways_and_leave_their_origin_alone()
    {
        using var host = new TinyHost(Sizes);
        Manifest origin = await host.WriteManyAsync(await host.GenesisAsync(), 3);
        float[] before = await host.LogitsAsync(origin, host.Ids(7));

        Manifest left = await host.WriteManyAsync(origin, 2, firstSeed: 10);
        float[] leftLogits = await host.LogitsAsync(left, host.Ids(7));
        Manifest right = await host.WriteManyAsync(origin, 2, firstSeed: 20);

        Assert.NotEqual(leftLogits, await host.LogitsAsync(right, host.Ids(7)));
        Assert.Equal(leftLogits, await host.LogitsAsync(left, host.Ids(7)));
        Assert.Equal(before, await host.LogitsAsync(origin, host.Ids(7)));
    }

    /// <summary>All pool rows copied into one new block in shuffled order, and named there row by row in the old order.</summary>
    private static async Task<Manifest> ShuffleAsync(TinyHost host, Manifest memory)
    {
        BlockId id = host.Blocks.NextBlock();
        int[] slots = Permutation(host.Size.N, seed: 5); // rank r moves to slot slots[r]
        var layers = memory.Layers.ToBuilder();
        for (int layer = 0; layer < host.Size.L; layer++)
        {
            foreach (SlicePart part in (SlicePart[])[SlicePart.Hidden, SlicePart.Read])
            {
                SliceColumn[] columns = part == SlicePart.Hidden ? [SliceColumn.Hidden] : [SliceColumn.Key, SliceColumn.Value, SliceColumn.RetrievalKey];
                SliceTensor[] tensors = await Task.WhenAll(columns.Select(column => GatherAsync(host, memory, new SliceAddress(id, layer, part), column, slots)));
                await host.Blocks.StageAsync(new BlockSlice(new SliceAddress(id, layer, part), BlockKind.MemoryRows, [.. tensors]), default);
            }

            layers[layer] = memory.Layers[layer] with { Pool = [.. slots.Select(slot => new RowRun(memory.Blocks.Length, slot, 1))] };
        }

        return new Manifest(memory.Blocks.Add(new ManifestBlock(id, memory.Writes, host.Size.N)), layers.ToImmutable(), memory.Writes);
    }

    private static async Task<SliceTensor> GatherAsync(TinyHost host, Manifest memory, SliceAddress target, SliceColumn column, int[] slots)
    {
        byte[]? bytes = null;
        int rowBytes = 0;
        int rank = 0;
        foreach (RowRun run in memory.Layers[target.Layer].Pool)
        {
            BlockSlice slice = await host.Blocks.ReadAsync(target with { Block = memory.Blocks[run.Block].Id }, default);
            SliceTensor source = slice.Find(column)!;
            rowBytes = source.Width * sizeof(float);
            bytes ??= new byte[slots.Length * rowBytes];
            for (int row = run.First; row < run.End; row++) source.Bytes.Slice(row * rowBytes, rowBytes).CopyTo(bytes.AsMemory(slots[rank++] * rowBytes));
        }

        return new SliceTensor(column, ElementType.F32, slots.Length, rowBytes / sizeof(float), bytes!);
    }

    private static int[] Permutation(int count, int seed)
    {
        var random = new SeededRandom((ulong)seed);
        return [.. Enumerable.Range(0, count).OrderBy(_ => random.NextUInt64())];
    }
}
