using FsCheck;
using FsCheck.Fluent;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Model.Pool;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>The drop law on manifests alone: properties 1 to 5 of the specification.</summary>
public sealed class PoolLawTests
{
    // Properties 1, 2 and 3.
    [Fact]
    public void A_write_keeps_the_pools_size_the_survivors_order_and_puts_the_new_rows_last() => Laws.ForAll(Cases, law =>
    {
        Manifest before = Laws.Genesis(law.Rules);
        for (int write = 1; write <= law.Writes; write++)
        {
            Manifest after = Laws.Write(before, law.RowsPerWrite, law.Rules, law.Seed + (ulong)write);
            for (int layer = 0; layer < law.Rules.Layers; layer++)
            {
                List<(long Write, int Row)> old = Laws.PoolRows(before, layer);
                List<(long Write, int Row)> rows = Laws.PoolRows(after, layer);
                Assert.Equal(law.Rules.PoolRows, rows.Count);
                Assert.Equal(Enumerable.Range(0, law.RowsPerWrite).Select(row => ((long)write, row)), rows[^law.RowsPerWrite..]);
                Assert.True(IsSubsequence(rows[..^law.RowsPerWrite], old));
            }

            before = after;
        }
    });

    // Property 5.
    [Fact]
    public void Dropped_rows_and_survivors_partition_the_old_pool_and_the_dropped_ones_join_the_bank_in_order() => Laws.ForAll(Cases, law =>
    {
        PoolRules rules = law.Rules with { KeepsBank = true, MergeEvery = 1000 };
        Manifest before = Laws.Genesis(rules);
        for (int write = 1; write <= law.Writes; write++)
        {
            Manifest after = Laws.Write(before, law.RowsPerWrite, rules, law.Seed + (ulong)write);
            for (int layer = 0; layer < rules.Layers; layer++)
            {
                List<(long Write, int Row)> old = Laws.PoolRows(before, layer);
                List<(long Write, int Row)> dropped = Laws.BankRows(after, layer)[Laws.BankRows(before, layer).Count..];
                List<(long Write, int Row)> kept = Laws.PoolRows(after, layer)[..^law.RowsPerWrite];
                Assert.Equal(law.RowsPerWrite, dropped.Count);
                Assert.True(IsSubsequence(dropped, old));
                Assert.Equal(old.Order(), dropped.Concat(kept).Order());
            }

            before = after;
        }
    });

    // Property 4.
    [Fact]
    public void Layers_draw_their_own_drops_unless_one_draw_is_shared()
    {
        PoolRules own = Laws.MemoryLlm(layers: 6, rowsPerWrite: 8, blocks: 5);
        PoolRules shared = own with { DropsPerLayer = false };
        for (ulong seed = 0; seed < 50; seed++)
        {
            Assert.Equal(6, Laws.Next(Laws.Genesis(own), 8, own, seed).Layers.Select(l => string.Join(' ', l.RemovedRanks)).Distinct().Count());
            Assert.Single(Laws.Next(Laws.Genesis(shared), 8, shared, seed).Layers.Select(l => string.Join(' ', l.RemovedRanks)).Distinct());
        }
    }

    // Property 4: chi-square over seeds, chunks and layers; sampling without replacement shrinks the statistic by (N-K)/(N-1).
    [Theory]
    [InlineData(40, 8)]
    [InlineData(48, 4)]
    [InlineData(7, 3)]
    public void Every_rank_is_dropped_equally_often(int poolRows, int dropped)
    {
        const int Draws = 6000;
        var counts = new int[poolRows];
        for (int draw = 0; draw < Draws; draw++)
        {
            var source = new SeededDropSource((ulong)(draw / 20), draw % 5, perLayer: true);
            foreach (int rank in source.Draw(draw / 5 % 4, poolRows, dropped)) counts[rank]++;
        }

        double expected = (double)Draws * dropped / poolRows;
        double statistic = counts.Sum(c => (c - expected) * (c - expected) / expected) * (poolRows - 1) / (poolRows - dropped);
        double freedom = poolRows - 1;
        Assert.InRange(statistic, freedom - (5 * Math.Sqrt(2 * freedom)), freedom + (5 * Math.Sqrt(2 * freedom)));
    }

    [Fact]
    public void The_same_seed_chunk_and_layer_draw_the_same_ranks_and_others_do_not()
    {
        Assert.Equal(Draw(5, chunk: 1, layer: 2), Draw(5, chunk: 1, layer: 2));
        Assert.NotEqual(Draw(5, chunk: 1, layer: 2), Draw(5, chunk: 2, layer: 2));
        Assert.NotEqual(Draw(5, chunk: 1, layer: 2), Draw(5, chunk: 1, layer: 3));
        Assert.NotEqual(Draw(5, chunk: 1, layer: 2), Draw(6, chunk: 1, layer: 2));
    }

    // Golden README 12: whole copies, then the block's last rows.
    [Theory]
    [InlineData(8, 5, "0-8 0-8 0-8 0-8 0-8")]
    [InlineData(7, 5, "0-7 0-7 0-7 0-7 0-7 2-7")]
    public void The_first_write_fills_an_empty_pool_with_copies(int blockRows, int blocks, string expected)
    {
        PoolRules rules = Laws.MemoryLlm(layers: 1, rowsPerWrite: 8, blocks);
        var empty = new Manifest([], [new LayerRows([], [], 0)], 0);

        ManifestDelta delta = Laws.Next(empty, blockRows, rules, seed: 1);

        Assert.Equal(expected, string.Join(' ', delta.Layers[0].Appended.Select(r => $"{r.First}-{r.End}")));
        Assert.Equal(40, delta.Apply(empty).Layers[0].PoolRows);
    }

    // Golden README 11: int(392 x (1/49)) is 7, so the official pool grows to 393 rows; ours does not.
    [Theory]
    [InlineData(49, null, 392, 392)]
    [InlineData(49, 49, 393, 393)]
    [InlineData(50, 50, 400, 400)]
    public void Block_counts_that_truncate_grow_the_pool_only_in_compatibility_mode(int blocks, int? truncatingBlocks, int afterOne, int afterTwo)
    {
        PoolRules rules = Laws.MemoryLlm(layers: 2, rowsPerWrite: 8, blocks) with { TruncatingBlocks = truncatingBlocks };

        Manifest one = Laws.Write(Laws.Genesis(rules), 8, rules, seed: 1);
        Manifest two = Laws.Write(one, 8, rules, seed: 2);

        Assert.Equal(afterOne, one.Layers[1].PoolRows);
        Assert.Equal(afterTwo, two.Layers[1].PoolRows);
    }

    private static Gen<LawCase> Cases =>
        from rowsPerWrite in Gen.Choose(1, 6)
        from blocks in Gen.Choose(1, 6)
        from layers in Gen.Choose(1, 3)
        from writes in Gen.Choose(1, 12)
        from seed in Gen.Choose(0, int.MaxValue)
        from perLayer in Gen.Elements(true, false)
        select new LawCase(Laws.MemoryLlm(layers, rowsPerWrite, blocks, perLayer), rowsPerWrite, writes, (ulong)seed);

    private static IEnumerable<int> Draw(ulong seed, int chunk, int layer) => new SeededDropSource(seed, chunk, perLayer: true).Draw(layer, 40, 8).AsEnumerable();

    private static bool IsSubsequence(IEnumerable<(long Write, int Row)> part, List<(long Write, int Row)> whole)
    {
        int next = 0;
        foreach ((long, int) row in part)
        {
            next = whole.IndexOf(row, next) + 1;
            if (next == 0) return false;
        }

        return true;
    }

    private sealed record LawCase(PoolRules Rules, int RowsPerWrite, int Writes, ulong Seed);
}
