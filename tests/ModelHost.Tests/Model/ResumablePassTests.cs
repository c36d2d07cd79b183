using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Passes;
using LatentDb.ModelHost.Model.Retrieval;
using LatentDb.ModelHost.Model.Sessions;
using LatentDb.ModelHost.Paging;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>Passes that run in pieces and wait for rows.</summary>
public sealed class ResumablePassTests
{
    private static readonly TinyModelOptions Sizes = TinyModelOptions.MPlus with { MaxChunkTokens = 600 };

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(150)]
    public async Task A_prefill_that_waits_for_every_layer_reads_the_same_as_one_that_never_waits(int tokens)
    {
        using var host = new TinyHost(Sizes);
        Manifest memory = await host.WriteManyAsync(await host.GenesisAsync(), 2);
        float[] expected = await host.LogitsAsync(memory, host.Ids(tokens));
        using PinHandle rows = await host.Pager.PinForReadAsync(memory, host.Blocks, default);
        var late = new LateRows(rows);
        using ReadSession session = host.Model.NewSession(tokens, 0);
        using PrefillPass pass = host.Model.BeginPrefill(session, late, new Prompt(host.Ids(tokens)), null, default);

        int waits = await RunAsync(pass, late);

        Assert.Equal(6, waits); // for each of 3 layers: its rows, then the chosen bank rows
        Assert.Equal(expected, session.Logits.ToArray());
    }

    // Pieces of 64 rows: what a decode step may have to wait for.
    [Theory]
    [InlineData(40, 3)]
    [InlineData(64, 3)]
    [InlineData(65, 5)]
    [InlineData(200, 9)] // the last layer is one piece: only the last row goes through it
    public async Task A_prefill_takes_one_page_through_one_layer_at_a_time(int tokens, int pieces)
    {
        using var host = new TinyHost(Sizes);
        Manifest genesis = await host.GenesisAsync();
        using PinHandle rows = await host.Pager.PinForReadAsync(genesis, host.Blocks, default);
        using ReadSession session = host.Model.NewSession(tokens, 0);
        using PrefillPass pass = host.Model.BeginPrefill(session, rows, new Prompt(host.Ids(tokens)), null, default);

        Assert.Equal(pieces, Count(pass).Pieces);
        Assert.Equal(0, pass.NextRows);
        Assert.Equal(PassState.Finished, pass.Run().State);
    }

    [Theory]
    [InlineData(20, 3)]
    [InlineData(256, 3)]
    [InlineData(600, 7)] // only 8 new rows are wanted of the last layer
    public async Task A_write_takes_at_most_256_rows_through_one_layer_at_a_time(int tokens, int pieces)
    {
        using var host = new TinyHost(Sizes);
        Manifest genesis = await host.GenesisAsync();
        using PinHandle newest = await host.Pager.PinForWriteAsync(genesis, 8, host.Blocks, default);
        using WritePass pass = host.Model.BeginWrite(host.Ids(tokens), newest, default);

        Assert.Equal((pieces, (2 * tokens) + 8), Count(pass));
        using NewRows rows = pass.TakeRows();
        Assert.Equal(8, rows.Rows);
    }

    [Fact]
    public async Task A_write_in_pieces_equals_the_specification_in_double_precision()
    {
        using var host = new TinyHost(Sizes);
        var reference = new DoubleModel(host.Weights);
        int[] ids = host.Ids(300);

        float[][] delta = await host.DeltaAsync(await host.GenesisAsync(), ids);

        double[][][] expected = reference.Write(ids, [.. Enumerable.Range(0, 3).Select(layer => reference.Pool(layer)[^8..])]);
        for (int layer = 0; layer < 3; layer++) Near.Equal(expected[layer].SelectMany(row => row), delta[layer]);
    }

    [Fact]
    public async Task A_write_that_waits_for_every_layer_makes_the_same_rows()
    {
        using var host = new TinyHost(Sizes);
        Manifest genesis = await host.GenesisAsync();
        float[][] expected = await host.DeltaAsync(genesis, host.Ids(20));
        using PinHandle newest = await host.Pager.PinForWriteAsync(genesis, 8, host.Blocks, default);
        var late = new LateRows(newest);
        using WritePass pass = host.Model.BeginWrite(host.Ids(20), late, default);

        int waits = await RunAsync(pass, late);

        Assert.Equal(3, waits);
        using NewRows rows = pass.TakeRows();
        Assert.Equal(expected, Enumerable.Range(0, 3).Select(layer => host.ToHost(rows.Layer(layer))));
    }

    [Fact]
    public async Task Rows_that_cannot_be_had_fault_the_wait_and_nothing_else()
    {
        using var host = new TinyHost(Sizes);
        Manifest genesis = await host.GenesisAsync();
        using PinHandle rows = await host.Pager.PinForReadAsync(genesis, host.Blocks, default);
        var late = new LateRows(rows);
        using ReadSession session = host.Model.NewSession(5, 0);
        using PrefillPass pass = host.Model.BeginPrefill(session, late, new Prompt(host.Ids(5)), null, default);

        PassProgress progress = pass.Run();
        late.Fail(new InvalidDataException("damaged"));

        Assert.Equal(PassState.Waits, progress.State);
        await Assert.ThrowsAsync<InvalidDataException>(() => progress.Until!);
    }

    /// <summary>Runs a pass to its end, letting rows arrive only when it waits for them; returns how often it waited.</summary>
    private static async Task<int> RunAsync(IResumablePass pass, LateRows rows)
    {
        int waits = 0;
        while (pass.Run() is { State: not PassState.Finished } progress)
        {
            if (progress.Until is null) continue;
            waits++;
            rows.Arrive();
            await progress.Until;
        }

        return waits;
    }

    private static (int Pieces, int RowLayers) Count(IResumablePass pass)
    {
        int pieces = 0;
        int rows = 0;
        PassState state;
        do
        {
            rows += pass.NextRows;
            pieces++;
            state = pass.Run().State;
        }
        while (state != PassState.Finished);
        return (pieces, rows);
    }

    /// <summary>Rows of which each layer, and each choice of bank rows, arrives when it is told to.</summary>
    private sealed class LateRows(IMemoryRows inner) : IMemoryRows
    {
        private TaskCompletionSource _next = new();
        private int _ready = -1;
        private int _asked = -1;

        public Manifest Manifest => inner.Manifest;

        public ElementType RowType => inner.RowType;

        public void Arrive()
        {
            _ready = _asked;
            TaskCompletionSource arrived = _next;
            _next = new TaskCompletionSource();
            arrived.SetResult();
        }

        public void Fail(Exception error) => _next.SetException(error);

        public bool IsReady(int layer) => layer <= _ready;

        public ValueTask WhenReadyAsync(int layer, CancellationToken cancellationToken)
        {
            _asked = layer;
            return new ValueTask(_next.Task);
        }

        public ValueTask FetchBankAsync(int layer, ReadOnlyMemory<int> positions, CancellationToken cancellationToken) => new(_next.Task);

        public void ReadPool(int layer, MatrixView keys, MatrixView values) => inner.ReadPool(layer, keys, values);

        public void PoolSegments(int layer, int firstPosition, List<KeySegment> target) => inner.PoolSegments(layer, firstPosition, target);

        public BankIndex Bank(int layer) => inner.Bank(layer);

        public MatrixView BlockKeys(int layer, int run) => inner.BlockKeys(layer, run);

        public void CopyBank(int layer, ReadOnlySpan<int> positions, MatrixView keys, MatrixView values) => inner.CopyBank(layer, positions, keys, values);

        public void ReadNewest(int layer, MatrixView hidden) => inner.ReadNewest(layer, hidden);

        public long GenesisAge(int layer, int row) => inner.GenesisAge(layer, row);
    }
}
