using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Model.Pool;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>Merges, lives and ages of the long-term bank: properties 21 and 22 of the specification, on manifests alone.</summary>
public sealed class BankLawTests
{
    // Property 21, with the published numbers.
    [Fact]
    public void The_bank_holds_nine_cohorts_and_no_row_leaves_before_its_tenth_merge()
    {
        PoolRules rules = Laws.MPlus(layers: 1, poolRows: 10_240, retrievedRows: 2560, mergeEvery: 60, life: 10, decay: 1);
        Manifest manifest = Laws.Genesis(rules);
        for (int write = 1; write <= 14 * 60; write++)
        {
            manifest = WriteOldestFirst(manifest, 256, rules);
            int merges = write / 60;
            if (write % 60 == 0) Assert.Equal(Math.Min(merges, 9) * 15_360, manifest.Layers[0].BankRows);
            Assert.True(manifest.Layers[0].BankRows <= 153_600);

            // A row that was dropped at write w is merged at the next multiple of 60 and leaves nine merges after that.
            long oldest = manifest.Layers[0].Bank[0].EnteredAt;
            Assert.Equal(Math.Max(1, ((merges - 9) * 60) + 1), oldest);
        }
    }

    // Property 21: an eviction that would leave no more than R rows does not happen, and the lives are as before.
    [Fact]
    public void With_few_rows_nothing_is_evicted_and_lives_return_to_their_previous_value()
    {
        PoolRules rules = Laws.MPlus(layers: 1, poolRows: 32, retrievedRows: 16, mergeEvery: 1, life: 1, decay: 1);
        Manifest manifest = Laws.Genesis(rules);
        for (int write = 1; write <= 2; write++) manifest = WriteOldestFirst(manifest, 8, rules);

        Assert.Equal(16, manifest.Layers[0].BankRows);
        Assert.Equal(0f, manifest.Layers[0].Decays);
        Assert.All(manifest.Layers[0].Bank, run => Assert.Equal(1f, run.LifeBase - manifest.Layers[0].Decays));
    }

    [Fact]
    public void An_eviction_takes_the_rows_whose_life_is_used_up_and_keeps_the_others()
    {
        PoolRules rules = Laws.MPlus(layers: 1, poolRows: 32, retrievedRows: 8, mergeEvery: 2, life: 2, decay: 1);
        Manifest manifest = Laws.Genesis(rules);
        for (int write = 1; write <= 4; write++) manifest = WriteOldestFirst(manifest, 8, rules);

        // Rows of writes 1 and 2 had two lives and lost one at each of the two merges; those of 3 and 4 lost one.
        Assert.Equal([3L, 4L], manifest.Layers[0].Bank.Select(run => run.EnteredAt).Distinct());
        Assert.All(manifest.Layers[0].Bank, run => Assert.Equal(1f, run.LifeBase - manifest.Layers[0].Decays));
    }

    [Fact]
    public void Layers_merge_alike_and_evict_each_by_its_own_rows()
    {
        PoolRules rules = Laws.MPlus(layers: 2, poolRows: 32, retrievedRows: 8, mergeEvery: 1, life: 3, decay: 1);
        Manifest genesis = Laws.Genesis(rules);
        var shipped = new BankRun(0, 0, 12, EnteredAt: 0, LifeBase: 1);
        Manifest manifest = genesis with { Layers = [genesis.Layers[0], genesis.Layers[1] with { Bank = [shipped] }] };

        Manifest one = WriteOldestFirst(manifest, 8, rules);
        Manifest two = WriteOldestFirst(one, 8, rules);

        // Without the 12 shipped rows only 8 = R would be left after the first merge, so they stay until the second.
        Assert.Equal([8, 20], one.Layers.Select(l => l.BankRows));
        Assert.Equal([0f, 0f], one.Layers.Select(l => l.Decays));
        Assert.Equal([16, 16], two.Layers.Select(l => l.BankRows));
        Assert.Equal([1f, 1f], two.Layers.Select(l => l.Decays));
    }

    // Property 22, as the training code counts.
    [Fact]
    public void An_age_is_the_writes_since_the_rows_own_and_its_place_in_the_block()
    {
        PoolRules rules = Laws.MPlus(layers: 2, poolRows: 24, retrievedRows: 8, mergeEvery: 3, life: 50, decay: 1);
        var ages = new BankAges(sinceDrop: false, rowsPerWrite: 8, poolRows: 24);
        Manifest manifest = Laws.Genesis(rules);
        for (int write = 1; write <= 20; write++) manifest = Laws.Write(manifest, 8, rules, (ulong)write);

        for (int layer = 0; layer < 2; layer++)
        {
            foreach ((BankRun run, int row, long age) in Ages(manifest, layer, ages))
            {
                long written = manifest.Blocks[run.Block].WrittenAt;
                Assert.Equal(written == 0 ? (20 * 8) + 24 - 1 - row : ((20 - written) * 8) + 7 - row, age);
            }

            long[] inOrderOfWriting = [.. Ages(manifest, layer, ages).OrderBy(r => (manifest.Blocks[r.Run.Block].WrittenAt, r.Row)).Select(r => r.Age)];
            Assert.All(inOrderOfWriting.Zip(inOrderOfWriting.Skip(1)), pair => Assert.True(pair.First > pair.Second));
        }
    }

    // Property 22, as the public inference code counts.
    [Fact]
    public void In_compatibility_mode_an_age_is_the_writes_since_the_drop_and_the_place_in_the_block()
    {
        PoolRules rules = Laws.MPlus(layers: 1, poolRows: 24, retrievedRows: 8, mergeEvery: 3, life: 50, decay: 1);
        var ages = new BankAges(sinceDrop: true, rowsPerWrite: 8, poolRows: 24);
        Manifest manifest = Laws.Genesis(rules);
        for (int write = 1; write <= 12; write++) manifest = Laws.Write(manifest, 8, rules, (ulong)write);

        foreach ((BankRun run, int row, long age) in Ages(manifest, 0, ages))
        {
            Assert.Equal(((12 - run.EnteredAt) * 8) + (manifest.Blocks[run.Block].WrittenAt == 0 ? 0 : 7 - row), age);
        }
    }

    // Property 22: the clock of both modes.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_age_of_every_row_that_is_in_the_bank_rises_by_K_at_each_write(bool sinceDrop)
    {
        PoolRules rules = Laws.MPlus(layers: 1, poolRows: 24, retrievedRows: 8, mergeEvery: 3, life: 50, decay: 1);
        var ages = new BankAges(sinceDrop, rowsPerWrite: 8, poolRows: 24);
        Manifest genesis = Laws.Genesis(rules);
        var shipped = new ManifestBlock(new BlockId(new MemoryUid(1), 0), 0, 40);
        Manifest manifest = genesis with { Blocks = [shipped], Layers = [genesis.Layers[0] with { Bank = [new BankRun(0, 24, 16, 0, 100)] }] };
        for (int write = 1; write <= 8; write++)
        {
            Manifest after = Laws.Write(manifest, 8, rules, (ulong)write);
            long[] old = [.. Ages(manifest, 0, ages).Select(r => r.Age + 8)];
            Assert.Equal(old, Ages(after, 0, ages).Take(old.Length).Select(r => r.Age));
            manifest = after;
        }
    }

    private static Manifest WriteOldestFirst(Manifest manifest, int rows, PoolRules rules)
    {
        var block = new BlockId(new MemoryUid(1), manifest.Writes + 1);
        return PoolUpdate.Next(manifest, block, rows, rules, new OldestDrops()).Apply(manifest);
    }

    private static IEnumerable<(BankRun Run, int Row, long Age)> Ages(Manifest manifest, int layer, BankAges ages)
    {
        var memory = new ManifestOnly(manifest, genesisAge: 500);
        return manifest.Layers[layer].Bank.SelectMany(run => Enumerable.Range(run.First, run.Count).Select(row => (run, row, ages.Of(memory, layer, run, row))));
    }
}
