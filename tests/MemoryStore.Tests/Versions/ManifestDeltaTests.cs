using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Versions;

/// <summary>Applying deltas to runs must equal applying them to plain lists of rows.</summary>
public sealed class ManifestDeltaTests
{
    private const int Layers = 2;
    private const int GenesisRows = 12;
    private const int BlockRows = 4;

    [Fact]
    public void A_long_random_history_equals_the_same_history_on_plain_lists()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            Manifest manifest = Genesis();
            ListModel[] model = [.. manifest.Layers.Select(ListModel.Of(manifest))];
            for (int write = 1; write <= 30; write++)
            {
                ManifestDelta delta = RandomDelta(random, manifest, write);
                manifest = delta.Apply(manifest);
                for (int layer = 0; layer < Layers; layer++) model[layer].Apply(delta, layer, write);
                AssertEqual(model, manifest, $"seed {seed}, write {write}");
            }
        }
    }

    [Fact]
    public void Applying_a_delta_leaves_the_old_manifest_as_it_was()
    {
        Manifest before = Genesis();
        ImmutableArray<RowRun> pool = before.Layers[0].Pool;

        _ = RandomDelta(new Random(1), before, 1).Apply(before);

        Assert.Equal(pool, before.Layers[0].Pool);
        Assert.Equal(0, before.Writes);
    }

    [Fact]
    public void Blocks_that_no_row_needs_leave_the_table()
    {
        Manifest manifest = Genesis();
        for (int write = 1; write <= 500; write++)
        {
            var layer = new LayerDelta([0, 1, 2, 3], MovedToBank: false, null, 0, [], [new RowRange(0, BlockRows)]);
            manifest = new ManifestDelta(Block(write), BlockRows, [layer, layer]).Apply(manifest);
        }

        Assert.InRange(manifest.Blocks.Length, 3, 70);
        Assert.Equal(GenesisRows, manifest.Layers[0].PoolRows);
        Assert.Equal(500, manifest.Blocks[manifest.Layers[0].Pool[^1].Block].WrittenAt);
    }

    [Theory]
    [InlineData(new[] { 12 })]
    [InlineData(new[] { 3, 3 })]
    [InlineData(new[] { 3, 2 })]
    [InlineData(new[] { -1 })]
    public void Removed_ranks_that_do_not_fit_the_pool_are_damage(int[] ranks)
    {
        var layer = new LayerDelta([.. ranks], MovedToBank: true, null, 0, [], [new RowRange(0, BlockRows)]);

        var error = Assert.Throws<LatentDbException>(() => new ManifestDelta(Block(1), BlockRows, [layer, layer]).Apply(Genesis()));

        Assert.Equal(ErrorCode.DataDamaged, error.Code);
    }

    [Fact]
    public void Rows_beyond_the_new_block_are_damage()
    {
        var layer = new LayerDelta([], MovedToBank: false, null, 0, [], [new RowRange(1, BlockRows)]);

        var error = Assert.Throws<LatentDbException>(() => new ManifestDelta(Block(1), BlockRows, [layer, layer]).Apply(Genesis()));

        Assert.Equal(ErrorCode.DataDamaged, error.Code);
    }

    [Fact]
    public void Evicting_beyond_the_bank_is_damage()
    {
        var layer = new LayerDelta([0], MovedToBank: true, 5, 1, [new RowRange(0, 2)], [new RowRange(0, 1)]);

        var error = Assert.Throws<LatentDbException>(() => new ManifestDelta(Block(1), BlockRows, [layer, layer]).Apply(Genesis()));

        Assert.Equal(ErrorCode.DataDamaged, error.Code);
    }

    private static Manifest Genesis()
    {
        var rows = new LayerRows([new RowRun(0, 0, GenesisRows)], [], 0);
        return new Manifest([new ManifestBlock(Block(0), 0, GenesisRows)], [rows, rows], 0).Check();
    }

    private static BlockId Block(long sequence) => new(new MemoryUid(7), sequence);

    private static ManifestDelta RandomDelta(Random random, Manifest manifest, int write)
    {
        LayerDelta Layer(LayerRows rows)
        {
            ImmutableArray<int> removed = [.. Enumerable.Range(0, rows.PoolRows).Where(_ => random.Next(3) == 0).Take(BlockRows)];
            bool merge = random.Next(4) == 0;
            int bank = rows.BankRows + removed.Length;
            ImmutableArray<RowRange> evicted = merge && bank > 3 ? [new RowRange(random.Next(2), 1), new RowRange(2, random.Next(1, bank - 2))] : [];
            return new LayerDelta(removed, MovedToBank: true, merge ? write : null, rows.Decays + (merge ? 1 : 0), evicted, [new RowRange(0, 2), new RowRange(2, 2)]);
        }

        return new ManifestDelta(Block(write), BlockRows, [.. manifest.Layers.Select(Layer)]);
    }

    private static void AssertEqual(ListModel[] model, Manifest manifest, string where)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            ListModel got = ListModel.Of(manifest)(manifest.Layers[layer]);
            Assert.True(model[layer].Pool.SequenceEqual(got.Pool), $"pool of layer {layer}, {where}");
            Assert.True(model[layer].Bank.SequenceEqual(got.Bank), $"bank of layer {layer}, {where}");
        }
    }

    private sealed record BankRow(BlockId Block, int Row, long EnteredAt, float Life);

    private sealed class ListModel
    {
        public List<(BlockId Block, int Row)> Pool { get; private init; } = [];

        public List<BankRow> Bank { get; private init; } = [];

        public static Func<LayerRows, ListModel> Of(Manifest manifest) => rows => new ListModel
        {
            Pool = [.. rows.Pool.SelectMany(r => Enumerable.Range(r.First, r.Count).Select(row => (manifest.Blocks[r.Block].Id, row)))],
            Bank = [.. rows.Bank.SelectMany(r => Enumerable.Range(r.First, r.Count).Select(row => new BankRow(manifest.Blocks[r.Block].Id, row, r.EnteredAt, r.LifeBase)))],
        };

        public void Apply(ManifestDelta delta, int layer, long write)
        {
            LayerDelta change = delta.Layers[layer];
            Bank.AddRange(change.RemovedRanks.Select(rank => new BankRow(Pool[rank].Block, Pool[rank].Row, write, float.NaN)));
            foreach (int rank in change.RemovedRanks.Reverse()) Pool.RemoveAt(rank);
            if (change.SealedLife is float life)
            {
                for (int i = 0; i < Bank.Count; i++) Bank[i] = float.IsNaN(Bank[i].Life) ? Bank[i] with { Life = life } : Bank[i];
            }

            foreach (RowRange gap in change.EvictedBankRows.Reverse()) Bank.RemoveRange(gap.First, gap.Count);
            Pool.AddRange(change.Appended.SelectMany(r => Enumerable.Range(r.First, r.Count).Select(row => (delta.Block, row))));
        }
    }
}
