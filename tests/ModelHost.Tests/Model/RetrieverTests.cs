using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Sessions;
using LatentDb.ModelHost.Paging;
using LatentDb.Replay;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>What M+ reads from its bank: properties 17 to 20 of the specification.</summary>
public sealed class RetrieverTests(ITestOutputHelper output)
{
    private static readonly TinyModelOptions Sizes = TinyModelOptions.MPlus with { WritesPerMerge = 4, InitialLife = 20 };

    // Property 17: with merged and with staged rows.
    [Theory]
    [InlineData(0, 1, null)]
    [InlineData(0, 2, null)]
    [InlineData(3, 2, null)]
    [InlineData(6, 2, null)]
    [InlineData(6, 2, 5)]
    public async Task The_rows_read_are_the_best_by_mean_sigmoid_oldest_first(int writes, int projectorLayers, int? retrieved)
    {
        using var host = new TinyHost(Sizes with { ProjectorLayers = projectorLayers, Retrieved = retrieved });
        Manifest memory = await host.WriteManyAsync(await host.GenesisAsync(), writes);
        int[] ids = host.Ids(9);

        ReadProbe probe = await host.ProbeAsync(memory, ids);

        BruteForce expected = await BruteForce.RunAsync(host, memory, ids);
        for (int layer = 0; layer < 3; layer++)
        {
            Near.Equal(expected.Scores[layer], probe.Scores[layer]);
            Assert.Equal(expected.Chosen[layer], probe.Positions[layer]);
            Assert.Equal(retrieved ?? 16, probe.Positions[layer].Length);
        }

        Near.Equal(expected.Logits.SelectMany(row => row), probe.Logits, tolerance: 5e-4);
    }

    // Property 17: no bos or memory row votes.
    [Fact]
    public async Task Only_text_rows_vote()
    {
        var weights = new TinyModel(Sizes);
        TinyModel changed = weights.With(name => name is "bos_embedding" or "memory", (value, i) => value + 1);

        Assert.Equal(await FirstScoresAsync(weights), await FirstScoresAsync(changed));
    }

    // Property 17: the order does not depend on the sort.
    [Fact]
    public async Task Rows_of_equal_age_keep_the_order_of_their_entry()
    {
        TinyModel weights = new TinyModel(Sizes).With(name => name.StartsWith("ltm_ages", StringComparison.Ordinal), (_, i) => i / 12);
        using var host = new TinyHost(weights);

        ReadProbe probe = await host.ProbeAsync(await host.GenesisAsync(), host.Ids(9));

        Assert.All(probe.Positions.Values, positions => Assert.Equal(positions.OrderByDescending(p => p / 12).ThenBy(p => p), positions));
    }

    // Property 18: reported, not demanded.
    [Fact]
    public async Task Keys_in_bfloat16_choose_nearly_the_same_rows()
    {
        var weights = new TinyModel(Sizes with { BankRows = 600, Blocks = 9, RetrievedBlocks = 4 });
        using var single = new TinyHost(weights);
        using var half = new TinyHost(weights, storage: ElementType.BF16);
        int[] ids = single.Ids(12);

        ReadProbe a = await single.ProbeAsync(await single.GenesisAsync(), ids);
        ReadProbe b = await half.ProbeAsync(await half.GenesisAsync(), ids);

        double overlap = Enumerable.Range(0, 3).Average(layer => a.Positions[layer].Intersect(b.Positions[layer]).Count() / 32.0);
        output.WriteLine($"{overlap:P1} of the rows are the same.");
        Assert.InRange(overlap, 0.8, 1);
        Assert.All(b.Positions.Values, positions => Assert.Equal(32, positions.Distinct().Count()));
    }

    // Property 19: whatever moved a row, its key is the projection of the row; the checkpoint's own bank keeps the keys it came with.
    [Fact]
    public async Task The_key_of_every_bank_row_is_the_projection_of_the_row()
    {
        using var host = new TinyHost(new TinyModel(Sizes).With(name => name.StartsWith("ltm_recall", StringComparison.Ordinal), (_, _) => 50)); // none is evicted
        var reference = new DoubleModel(host.Weights);
        Manifest memory = await host.WriteManyAsync(await host.GenesisAsync(), 7);
        for (int layer = 0; layer < 3; layer++)
        {
            (double[][] hidden, double[][] keys) = await BankAsync(host, memory, layer);
            Near.Equal(host.Weights.Tensors[$"ltm_keys.{layer}"].Values.Select(v => (double)v), [.. keys[..24].SelectMany(k => k).Select(v => (float)v)], tolerance: 0);
            Assert.Equal(24 + (7 * 8), keys.Length);
            for (int row = 24; row < keys.Length; row++) Near.Equal(reference.RetrievalKey(layer, hidden[row]), [.. keys[row].Select(v => (float)v)]);
        }
    }

    // Property 20.
    [Fact]
    public async Task A_prefill_retrieves_once_per_layer_and_nothing_else_retrieves()
    {
        using var host = new TinyHost(Sizes);
        Manifest memory = await host.GenesisAsync();
        host.Backend.Take();
        await host.WriteAsync(memory, host.Ids(20), seed: 1);
        Assert.Equal(0, host.Backend.Take().Retrievals);

        using ReadSession session = await host.PrefillAsync(memory, host.Ids(9));
        Assert.Equal(3, host.Backend.Take().Retrievals);

        host.Extend(session, 4);
        host.Extend(session, 4, 5);
        Assert.Equal(0, host.Backend.Take().Retrievals);
    }

    // Spec 4.3, the recommended rule for a bank that is smaller than R.
    [Fact]
    public async Task A_small_bank_is_read_whole_and_positions_stay_without_a_gap()
    {
        using var host = new TinyHost(Sizes with { BankRows = 5 });
        var reference = new DoubleModel(host.Weights);
        int[] ids = host.Ids(9);
        using ReadSession session = await host.PrefillAsync(await host.GenesisAsync(), ids);

        double[][] Memory(int layer) => [.. Near.Wide(host.Weights.Tensors[$"ltm.{layer}"].Values, 64), .. reference.Pool(layer)];
        Assert.All(session.Retrieved, rows => Assert.Equal([0, 1, 2, 3, 4], rows)); // stored oldest first
        Near.Equal(reference.Read(ids, reference.Prefix(Memory))[^1], session.Logits);
    }

    // Golden README 17: the official code loops for ever here.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_empty_bank_is_no_obstacle(bool official)
    {
        using var host = new TinyHost(Sizes with { BankRows = 0 }, official ? CompatibilityMode.Official : CompatibilityMode.None);
        Manifest genesis = await host.GenesisAsync();
        using ReadSession session = await host.PrefillAsync(genesis, host.Ids(9));
        Manifest after = await host.WriteManyAsync(genesis, 1);
        using ReadSession later = await host.PrefillAsync(after, host.Ids(9));

        Assert.All(session.Retrieved, Assert.Empty);
        Assert.All(later.Retrieved, rows => Assert.Equal(official ? 0 : 8, rows.Length));
    }

    private static async Task<float[]> FirstScoresAsync(TinyModel weights)
    {
        using var host = new TinyHost(weights);
        return (await host.ProbeAsync(await host.GenesisAsync(), host.Ids(9))).Scores[0];
    }

    /// <summary>Hidden rows and keys of a bank, merged then staged.</summary>
    private static async Task<(double[][] Hidden, double[][] Keys)> BankAsync(TinyHost host, Manifest memory, int layer)
    {
        List<double> hidden = [];
        List<double> keys = [];
        foreach (bool staged in (bool[])[false, true])
        {
            hidden.AddRange(await host.State.BankAsync(memory, layer, staged, SlicePart.Hidden, SliceColumn.Hidden));
            keys.AddRange(await host.State.BankAsync(memory, layer, staged, SlicePart.Read, SliceColumn.RetrievalKey));
        }

        return ([.. hidden.Chunk(64)], [.. keys.Chunk(16)]);
    }

    /// <summary>Retrieval and reading in double precision, scoring every row.</summary>
    private sealed record BruteForce(double[][] Scores, int[][] Chosen, double[][] Logits)
    {
        public static async Task<BruteForce> RunAsync(TinyHost host, Manifest memory, int[] ids)
        {
            var reference = new DoubleModel(host.Weights);
            var banks = new (double[][] Hidden, double[][] Keys)[3];
            var pools = new double[3][][];
            var ages = new long[3][];
            using PinHandle rows = await host.Pager.PinForReadAsync(memory, host.Blocks, default);
            for (int layer = 0; layer < 3; layer++)
            {
                banks[layer] = await BankAsync(host, memory, layer);
                pools[layer] = [.. (await host.State.PoolAsync(memory, layer)).Chunk(64)];
                ages[layer] = [.. host.State.BankAges(rows, layer, staged: false), .. host.State.BankAges(rows, layer, staged: true)];
            }

            var scores = new double[3][];
            var chosen = new int[3][];
            double[][] Memory(int layer) => [.. chosen[layer].Select(position => banks[layer].Hidden[position]), .. pools[layer]];
            void Choose(int layer, double[][] text)
            {
                double[][] queries = [.. text.Select(row => reference.RetrievalQuery(layer, row))];
                scores[layer] = [.. banks[layer].Keys.Select(key => queries.Average(query => DoubleModel.Sigmoid(DoubleModel.Dot(query, key))))];
                IEnumerable<int> best = Enumerable.Range(0, scores[layer].Length).OrderByDescending(j => scores[layer][j]).ThenBy(j => j).Take(host.Size.R);
                chosen[layer] = [.. best.OrderByDescending(j => ages[layer][j]).ThenBy(j => j)];
            }

            double[][] logits = reference.Read(ids, reference.Prefix(Memory), entersLayer: Choose);
            return new BruteForce(scores, chosen, logits);
        }
    }
}
