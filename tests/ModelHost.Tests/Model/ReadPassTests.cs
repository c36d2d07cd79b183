using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Retrieval;
using LatentDb.ModelHost.Model.Sessions;
using LatentDb.ModelHost.Paging;
using LatentDb.Replay;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>Prefill and decode: properties 11 to 16 of the specification.</summary>
public sealed class ReadPassTests
{
    private static readonly TinyModelOptions Plain = new();

    // The larger pool is projected in several slabs.
    [Theory]
    [InlineData(5)]
    [InlineData(40)]
    public async Task A_prefill_equals_the_specification_in_double_precision(int blocks)
    {
        using var host = new TinyHost(Plain with { Blocks = blocks });
        var reference = new DoubleModel(host.Weights);
        int[] ids = host.Ids(9);

        ReadProbe probe = await host.ProbeAsync(await host.GenesisAsync(), ids);

        double[][] expected = reference.Read(ids, reference.Prefix(reference.Pool));
        Near.Equal(expected.SelectMany(row => row), probe.Logits);
    }

    // Property 11: the embedding of new rows belongs to writes.
    [Fact]
    public async Task The_embedding_of_new_rows_has_no_influence_on_a_read()
    {
        var weights = new TinyModel(Plain);
        TinyModel changed = weights.With(name => name == "new_memory_positional_emb", (value, _) => value + 1);

        Assert.Equal(await LogitsOfAsync(weights), await LogitsOfAsync(changed));
    }

    // Property 12: bos 0, retrieved rows 1 to R, pool up to R+N, text after it, then one position per token.
    [Theory]
    [InlineData(false, 41)]
    [InlineData(true, 57)]
    public async Task Positions_of_a_read_count_over_all_that_stands_before(bool isMPlus, int prefix)
    {
        using var host = new TinyHost(isMPlus ? TinyModelOptions.MPlus : Plain);
        Manifest genesis = await host.GenesisAsync();
        host.Backend.Take();

        using ReadSession session = await host.PrefillAsync(genesis, host.Ids(5));
        (int, int)[] prefill = [.. host.Backend.Rotations];
        host.Backend.Take();
        host.Extend(session, 3);

        Assert.Equal([(prefix, 5), (prefix, 5), (prefix, 5), (prefix, 5), (prefix, 5), (prefix + 4, 1)], prefill); // of the last layer only the last row is wanted
        Assert.Equal(Enumerable.Repeat((prefix + 5, 1), 6), host.Backend.Rotations);
        for (int layer = 0; layer < 3; layer++) Assert.Equal(Enumerable.Range(0, prefix), MemoryPositions(session, layer));
    }

    // Property 13, in double precision.
    [Fact]
    public void Only_distances_between_positions_count()
    {
        var reference = new DoubleModel(new TinyModel(Plain));
        int[] ids = [5, 9, 2, 77];

        double[][] near = reference.Read(ids, reference.Prefix(reference.Pool));
        double[][] far = reference.Read(ids, reference.Prefix(reference.Pool), offset: 1000);

        Assert.True(Near.Largest(near, far) <= 1e-10);
    }

    // Property 13: the factor.
    [Fact]
    public void A_linear_factor_divides_positions()
    {
        float[] plain = FrequenciesOf(Plain);
        float[] linear = FrequenciesOf(Plain with { RopeScaling = """{"type": "linear", "factor": 1.8125}""" });

        for (int i = 0; i < plain.Length; i++) Assert.Equal(plain[i] * (9000 / 1.8125), linear[i] * 9000.0, 1e-3);
    }

    // Property 14.
    [Fact]
    public async Task A_read_uses_the_read_adapter_and_not_the_other()
    {
        var weights = new TinyModel(Plain);
        TinyModel otherWrite = weights.With(name => name.Contains(".default.", StringComparison.Ordinal), (value, _) => value + 0.1f);
        TinyModel otherRead = weights.With(name => name.Contains("decoder_adapter", StringComparison.Ordinal), (value, _) => value + 0.1f);

        float[] logits = await LogitsOfAsync(weights);

        Assert.Equal(logits, await LogitsOfAsync(otherWrite));
        Assert.NotEqual(logits, await LogitsOfAsync(otherRead));
    }

    // Property 14: no adapters, no memory, no bos.
    [Fact]
    public async Task Without_memory_and_adapters_it_is_a_plain_llama()
    {
        using var host = new TinyHost(Plain with { Initialized = false, LoraRank = 0 });
        int[] ids = host.Ids(9);

        ReadProbe probe = await host.ProbeAsync(await host.GenesisAsync(), ids);

        Near.Equal(new DoubleModel(host.Weights).Read(ids, _ => []).SelectMany(row => row), probe.Logits);
    }

    // Property 15.
    [Fact]
    public async Task A_text_row_is_unaffected_by_the_rows_after_it()
    {
        using var host = new TinyHost(Plain);
        Manifest genesis = await host.GenesisAsync();
        int[] ids = host.Ids(9);
        int[] changed = [.. ids[..6], (ids[6] + 1) % 131, .. ids[7..]];

        float[][] before = Near.Rows((await host.ProbeAsync(genesis, ids)).Logits, 131);
        float[][] after = Near.Rows((await host.ProbeAsync(genesis, changed)).Logits, 131);

        Assert.Equal([true, true, true, true, true, true, false, false, false], before.Zip(after, (a, b) => a.SequenceEqual(b)));
    }

    // Property 15.
    [Fact]
    public async Task Every_memory_row_of_every_layer_affects_the_first_text_row()
    {
        using var host = new TinyHost(Plain);
        Manifest genesis = await host.GenesisAsync();
        float[] logits = await host.LogitsAsync(genesis, [7]);
        using PinHandle rows = await host.Pager.PinForReadAsync(genesis, host.Blocks, default);
        for (int layer = 0; layer < 3; layer++)
        {
            for (int row = 0; row < 40; row++)
            {
                using ReadSession session = host.Model.NewSession(1, 0);
                await host.Model.PrefillAsync(session, new OneRowChanged(rows, layer, row), new Prompt((int[])[7]), null, default);
                Assert.False(session.Logits.SequenceEqual(logits), $"Row {row} of layer {layer} does nothing.");
            }
        }
    }

    // Property 15.
    [Fact]
    public async Task Reading_changes_nothing_that_later_reads_see()
    {
        using var host = new TinyHost(TinyModelOptions.MPlus);
        Manifest memory = await host.WriteManyAsync(await host.GenesisAsync(), 3);
        double[] pool = await host.State.PoolAsync(memory, 1);
        float[] first = await host.LogitsAsync(memory, host.Ids(9));
        using (ReadSession session = await host.PrefillAsync(memory, host.Ids(9))) host.Extend(session, 4, 5, 6);

        Assert.Equal(first, await host.LogitsAsync(memory, host.Ids(9)));
        Assert.Equal(pool, await host.State.PoolAsync(memory, 1));
        host.Unpin();
        Assert.Equal(0, host.Pager.OutstandingPins);
    }

    // Property 16.
    [Fact]
    public async Task Going_on_token_by_token_equals_one_prefill_over_the_whole_text()
    {
        using var host = new TinyHost(Plain);
        Manifest genesis = await host.GenesisAsync();
        int[] ids = host.Ids(10);
        using ReadSession session = await host.PrefillAsync(genesis, ids[..6]);

        host.Extend(session, ids.AsSpan(6));

        float[] whole = await host.LogitsAsync(genesis, ids);
        Near.Equal(whole.Select(v => (double)v), session.Logits, tolerance: 1e-5);
    }

    // Property 16, with the retrieved set frozen at the prefill's.
    [Fact]
    public async Task Decoding_keeps_the_rows_that_the_prefill_retrieved()
    {
        using var host = new TinyHost(TinyModelOptions.MPlus);
        var reference = new DoubleModel(host.Weights);
        int[] ids = host.Ids(9);
        using ReadSession session = await host.PrefillAsync(await host.GenesisAsync(), ids[..6]);
        for (int i = 6; i < 9; i++) host.Extend(session, ids[i]);

        double[][] Memory(int layer)
        {
            double[][] bank = Near.Wide(host.Weights.Tensors[$"ltm.{layer}"].Values, 64);
            return [.. session.Retrieved[layer].Select(position => bank[position]), .. reference.Pool(layer)];
        }

        Near.Equal(reference.Read(ids, reference.Prefix(Memory))[^1], session.Logits);
    }

    [Fact]
    public async Task Queries_and_writes_at_the_same_time_answer_as_if_alone()
    {
        using var host = new TinyHost(TinyModelOptions.MPlus);
        host.Backend.Records = false;
        Manifest memory = await host.WriteManyAsync(await host.GenesisAsync(), 3);
        float[] alone = await AnswerAsync(host, memory);
        float[][] delta = await host.DeltaAsync(memory, host.Ids(20));

        Task<float[]>[] queries = [.. Enumerable.Range(0, 6).Select(_ => Task.Run(() => AnswerAsync(host, memory)))];
        Task<float[][]>[] writes = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() => host.DeltaAsync(memory, host.Ids(20))))];

        Assert.All(await Task.WhenAll(queries), logits => Assert.Equal(alone, logits));
        Assert.All(await Task.WhenAll(writes), rows => Assert.Equal(delta, rows));
    }

    [Fact]
    public async Task A_session_refuses_more_tokens_than_it_was_made_for()
    {
        using var host = new TinyHost(Plain);
        using ReadSession session = await host.PrefillAsync(await host.GenesisAsync(), host.Ids(5), newTokens: 1);
        host.Extend(session, 3);

        Assert.Throws<InvalidOperationException>(() => host.Extend(session, 3));
    }

    /// <summary>Logits after a prompt and twenty decoded tokens.</summary>
    private static async Task<float[]> AnswerAsync(TinyHost host, Manifest memory)
    {
        using ReadSession session = await host.PrefillAsync(memory, host.Ids(9), newTokens: 20);
        for (int i = 0; i < 20; i++) host.Extend(session, i);
        return session.Logits.ToArray();
    }

    /// <summary>Position of every row that stands before the text, in the order in which the rows are listed.</summary>
    private static IEnumerable<int> MemoryPositions(ReadSession session, int layer) =>
        session.Memory.Of(layer).ToArray().SelectMany(segment => Enumerable.Range(segment.FirstPosition, segment.Rows));

    private static async Task<float[]> LogitsOfAsync(TinyModel weights)
    {
        using var host = new TinyHost(weights);
        return await host.LogitsAsync(await host.GenesisAsync(), host.Ids(9));
    }

    private static float[] FrequenciesOf(TinyModelOptions options)
    {
        using var folder = new TempFolder();
        new TinyModel(options).WriteTo(folder.Path);
        using CheckpointFolder checkpoint = CheckpointFolder.Open(folder.Path);
        return checkpoint.Config.Rope.InverseFrequencies();
    }

    /// <summary>The same rows, but for K and V of one.</summary>
    private sealed class OneRowChanged(IMemoryRows inner, int changedLayer, int changedRow) : IMemoryRows
    {
        public Manifest Manifest => inner.Manifest;

        public void ReadPool(int layer, MatrixView keys, MatrixView values) => inner.ReadPool(layer, keys, values);

        public void ReadNewest(int layer, MatrixView hidden) => inner.ReadNewest(layer, hidden);

        public ElementType RowType => inner.RowType;

        public bool IsReady(int layer) => inner.IsReady(layer);

        public ValueTask WhenReadyAsync(int layer, CancellationToken cancellationToken) => inner.WhenReadyAsync(layer, cancellationToken);

        /// <summary>Row by row, with the neighbour in place of the changed one.</summary>
        public void PoolSegments(int layer, int firstPosition, List<KeySegment> target)
        {
            List<KeySegment> runs = [];
            inner.PoolSegments(layer, firstPosition, runs);
            (MatrixView Keys, MatrixView Values)[] rows =
                [.. runs.SelectMany(run => Enumerable.Range(0, run.Rows).Select(row => (run.Keys.SliceRows(row, 1), run.Values.SliceRows(row, 1))))];
            if (layer == changedLayer) rows[changedRow] = rows[(changedRow + 1) % rows.Length];
            for (int row = 0; row < rows.Length; row++) target.Add(new KeySegment(rows[row].Keys, rows[row].Values, firstPosition + row, IsRotated: false));
        }

        public BankIndex Bank(int layer) => inner.Bank(layer);

        public MatrixView BlockKeys(int layer, int run) => inner.BlockKeys(layer, run);

        public ValueTask FetchBankAsync(int layer, ReadOnlyMemory<int> positions, CancellationToken cancellationToken) =>
            inner.FetchBankAsync(layer, positions, cancellationToken);

        public void CopyBank(int layer, ReadOnlySpan<int> positions, MatrixView keys, MatrixView values) => inner.CopyBank(layer, positions, keys, values);

        public long GenesisAge(int layer, int row) => inner.GenesisAge(layer, row);
    }
}
