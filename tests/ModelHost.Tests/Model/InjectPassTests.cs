using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Paging;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>The write pass: properties 2 and 8 to 12 of the specification, and its adapter (14).</summary>
public sealed class InjectPassTests
{
    private static readonly TinyModelOptions Sizes = TinyModelOptions.MPlus;

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(20)]
    public async Task A_write_equals_the_specification_in_double_precision(int tokens)
    {
        using var host = new TinyHost(Sizes);
        var reference = new DoubleModel(host.Weights);
        int[] ids = host.Ids(tokens);

        float[][] delta = await host.DeltaAsync(await host.GenesisAsync(), ids);

        double[][][] expected = reference.Write(ids, [.. Enumerable.Range(0, 3).Select(layer => reference.Pool(layer)[^8..])]);
        for (int layer = 0; layer < 3; layer++) Near.Equal(expected[layer].SelectMany(row => row), delta[layer]);
    }

    // Property 2, on the numbers.
    [Fact]
    public async Task The_newest_pool_rows_are_the_returned_rows_bit_for_bit()
    {
        using var host = new TinyHost(Sizes);

        Written written = await host.WriteAsync(await host.GenesisAsync(), host.Ids(20), seed: 5);

        for (int layer = 0; layer < 3; layer++)
        {
            double[] pool = await host.State.PoolAsync(written.After, layer);
            Assert.Equal(written.Rows[layer].Select(v => (double)v), pool[^(8 * 64)..]);
        }
    }

    // Property 8.
    [Theory]
    [InlineData(5)]
    [InlineData(20)]
    public async Task Older_pool_rows_and_the_bank_have_no_influence_on_a_write(int tokens)
    {
        var weights = new TinyModel(Sizes);
        TinyModel changed = weights
            .With(name => name == "memory", (value, i) => IsNewest(i) ? value : 3 - value)
            .With(name => name.StartsWith("ltm.", StringComparison.Ordinal) || name.StartsWith("ltm_keys", StringComparison.Ordinal), (value, _) => 3 - value);

        Assert.Equal(await DeltaOfAsync(weights, tokens), await DeltaOfAsync(changed, tokens));
    }

    // Property 9: query rows and prefix.
    [Theory]
    [InlineData(3, 8, 12)]
    [InlineData(8, 8, 17)]
    [InlineData(20, 20, 29)]
    public async Task Query_rows_are_the_text_and_at_least_K(int tokens, int queries, int keys)
    {
        using var host = new TinyHost(Sizes);
        Manifest genesis = await host.GenesisAsync();
        host.Backend.Take();

        float[][] delta = await host.DeltaAsync(genesis, host.Ids(tokens));

        Assert.All(delta, rows => Assert.Equal(8 * 64, rows.Length));
        Assert.Equal([(queries, keys), (queries, keys), (8, keys)], host.Backend.Attentions); // of the last layer only the new rows are wanted
    }

    // Property 9: a short write re-encodes the newest memory rows.
    [Fact]
    public async Task The_first_rows_of_a_short_write_come_from_old_memory_rows()
    {
        var weights = new TinyModel(Sizes);
        TinyModel changed = weights.With(name => name == "memory", (value, i) => i / 64 % 40 == 35 ? value + 1 : value); // newest block, row 3 of 8

        float[][] before = Near.Rows((await DeltaOfAsync(weights, tokens: 3))[0], 64);
        float[][] after = Near.Rows((await DeltaOfAsync(changed, tokens: 3))[0], 64);

        Assert.Equal(8, after.Length);
        Assert.All(Enumerable.Range(0, 8), row => Assert.NotEqual(before[row], after[row])); // rows 0 to 4 are memory rows 3 to 7
    }

    // Property 10.
    [Fact]
    public async Task A_token_changes_only_the_rows_from_its_own_on()
    {
        using var host = new TinyHost(Sizes);
        Manifest genesis = await host.GenesisAsync();
        int[] ids = host.Ids(20);
        int[] changed = [.. ids[..15], (ids[15] + 1) % 131, .. ids[16..]];

        float[][] before = await host.DeltaAsync(genesis, ids);
        float[][] after = await host.DeltaAsync(genesis, changed);

        for (int layer = 0; layer < 3; layer++)
        {
            bool[] same = [.. Near.Rows(before[layer], 64).Zip(Near.Rows(after[layer], 64), (a, b) => a.SequenceEqual(b))];
            Assert.Equal([true, true, true, false, false, false, false, false], same); // rows are tokens 12 to 19
        }
    }

    // Property 11: with weights of zero a layer passes its input on, so only the embedding of new rows is left to see.
    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    public async Task The_embedding_of_new_rows_is_added_once_per_layer(int tokens)
    {
        TinyModel weights = new TinyModel(Sizes).With(name => name.Contains(".self_attn.", StringComparison.Ordinal) || name.Contains(".mlp.", StringComparison.Ordinal), (_, _) => 0);
        using var host = new TinyHost(weights);
        int[] ids = host.Ids(tokens);
        double[] extra = [.. weights.Tensors["new_memory_positional_emb"].Values.Select(v => (double)v)];
        var reference = new DoubleModel(weights);

        float[][] delta = await host.DeltaAsync(await host.GenesisAsync(), ids);

        int fromMemory = Math.Max(0, 8 - tokens);
        for (int layer = 0; layer < 3; layer++)
        {
            double times = layer + 1;
            IEnumerable<double[]> memory = reference.Pool(layer)[^fromMemory..].Select(row => Add(row, extra, 1));
            IEnumerable<double[]> text = reference.Embed(ids[^Math.Min(8, tokens)..]).Select(row => Add(row, extra, times));
            Near.Equal(memory.Concat(text).SelectMany(row => row), delta[layer], tolerance: 1e-5);
        }
    }

    // Property 12: bos 0, block 1 to K, text from K+1; queries stand where their keys stand.
    [Theory]
    [InlineData(3, 4)]
    [InlineData(20, 9)]
    public async Task Positions_of_a_write_count_from_the_bos_row(int tokens, int firstQuery)
    {
        using var host = new TinyHost(Sizes);
        Manifest genesis = await host.GenesisAsync();
        host.Backend.Take();

        await host.DeltaAsync(genesis, host.Ids(tokens));

        int total = 9 + tokens;
        Assert.Equal([(0, total), (firstQuery, total - firstQuery), (0, total), (firstQuery, total - firstQuery), (0, total), (total - 8, 8)], host.Backend.Rotations);
    }

    // Property 14.
    [Fact]
    public async Task A_write_uses_the_write_adapter_and_not_the_other()
    {
        var weights = new TinyModel(Sizes);
        TinyModel otherRead = weights.With(name => name.Contains("decoder_adapter", StringComparison.Ordinal), (value, _) => value + 0.1f);
        TinyModel otherWrite = weights.With(name => name.Contains(".default.", StringComparison.Ordinal), (value, _) => value + 0.1f);

        float[][] delta = await DeltaOfAsync(weights, tokens: 20);

        Assert.Equal(delta, await DeltaOfAsync(otherRead, tokens: 20));
        Assert.NotEqual(delta, await DeltaOfAsync(otherWrite, tokens: 20));
    }

    [Fact]
    public async Task A_cancelled_write_stops_before_the_next_layer_and_gives_everything_back()
    {
        using var host = new TinyHost(Sizes);
        Manifest genesis = await host.GenesisAsync();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        using (PinHandle newest = await host.Pager.PinForWriteAsync(genesis, 8, host.Blocks, default))
        {
            await Assert.ThrowsAsync<OperationCanceledException>(async () => await host.Model.WriteAsync(host.Ids(20), newest, cancelled.Token));
        }

        Assert.Equal(0, host.Pager.OutstandingPins);
    }

    private static bool IsNewest(int element) => element / 64 % 40 >= 32;

    private static double[] Add(double[] row, double[] extra, double times) => [.. row.Zip(extra, (a, b) => a + (times * b))];

    private static async Task<float[][]> DeltaOfAsync(TinyModel weights, int tokens)
    {
        using var host = new TinyHost(weights);
        return await host.DeltaAsync(await host.GenesisAsync(), host.Ids(tokens));
    }
}
