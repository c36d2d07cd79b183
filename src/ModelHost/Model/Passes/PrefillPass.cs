using System.Diagnostics.CodeAnalysis;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model.Retrieval;
using LatentDb.ModelHost.Model.Sessions;

namespace LatentDb.ModelHost.Model.Passes;

/// <summary>
/// Reading a prompt (spec 5): it sees bos, retrieved rows and pool, then itself causally. A layer begins once its rows are there; then page after page
/// of the prompt goes through it. Afterwards the session holds the last row's logits.
/// </summary>
internal sealed class PrefillPass : IResumablePass
{
    private readonly LayerStack _stack;
    private readonly Retriever _retriever;
    private readonly ReadSession _session;
    private readonly IMemoryRows _memory;
    private readonly PassProbe? _probe;
    private readonly int[][]? _retrieved;
    private readonly CancellationToken _cancellation;
    private readonly int _first;
    private readonly int _total;
    private readonly DeviceBuffer _buffer;
    private readonly MatrixView _x;
    private int _layer;
    private int _next;
    private LayerStage _stage;

    /// <param name="stack">The model.</param>
    /// <param name="retriever">Chooses bank rows.</param>
    /// <param name="session">Empty; receives what the answer needs.</param>
    /// <param name="memory">The version; must stay pinned as long as the session.</param>
    /// <param name="prompt">What is read, with what is known of it already.</param>
    /// <param name="probe">Looks on.</param>
    /// <param name="cancellation">Ends the waits for rows.</param>
    public PrefillPass(
        LayerStack stack, Retriever retriever, ReadSession session, IMemoryRows memory, Prompt prompt, PassProbe? probe, CancellationToken cancellation)
    {
        ReadOnlySpan<int> ids = prompt.Ids.Span;
        ArgumentOutOfRangeException.ThrowIfZero(ids.Length, nameof(prompt));
        _stack = stack;
        _retriever = retriever;
        _session = session;
        _memory = memory;
        _probe = probe;
        _cancellation = cancellation;
        _retrieved = prompt.ReadsBank ? prompt.Known?.RetrievedBy(ids) : session.Retrieved;
        _first = prompt.Known?.UsableRows(ids) ?? 0;
        _total = ids.Length;
        session.Begin(prompt.Known is null ? [] : prompt.Known.PagesOf(_first), _total);
        _buffer = stack.Backend.Allocate((long)(_total - _first) * stack.Dimensions.D);
        _x = _buffer.AsMatrix(_total - _first, stack.Dimensions.D); // [n, d]
        stack.Embed(ids[_first..], _x);
    }

    private enum LayerStage
    {
        Outside,
        Fetches,
        Computes,
    }

    public int NextRows => _layer == _stack.Dimensions.L ? 0 : PieceAt(_stage == LayerStage.Computes ? _next : _first);

    private bool IsLastLayer => _layer == _stack.Dimensions.L - 1;

    public PassProgress Run()
    {
        if (_layer == _stack.Dimensions.L) return PassProgress.Finished;
        if (_stage != LayerStage.Computes && !TryEnterLayer(out Task? rows)) return PassProgress.Waits(rows);
        PassScratch scratch = _stack.Scratch.Rent(TextPage.RowCount);
        try
        {
            if (IsLastLayer && _probe is not { WantsAllRows: true }) RunLastLayer(scratch);
            else RunPiece(scratch);
            if (_next < _total) return PassProgress.More;
            _layer++;
            _stage = LayerStage.Outside;
            if (_layer < _stack.Dimensions.L) return PassProgress.More;
            Finish(scratch);
        }
        finally
        {
            _stack.Scratch.Return(scratch);
        }

        return PassProgress.Finished;
    }

    public void Dispose() => _buffer.Dispose();

    /// <summary>False when rows have to be waited for before the layer's first piece.</summary>
    private bool TryEnterLayer([NotNullWhen(false)] out Task? rows)
    {
        rows = null;
        if (_stage == LayerStage.Outside)
        {
            if (!_memory.IsReady(_layer))
            {
                rows = _memory.WhenReadyAsync(_layer, _cancellation).AsTask();
                return false;
            }

            _probe?.EntersLayer(_layer, _x);
            int[] chosen = _session.Retrieved[_layer] = _retrieved?[_layer] ?? _retriever.Choose(_memory, _layer, _x, _probe);
            _stage = LayerStage.Fetches;
            ValueTask fetch = _memory.FetchBankAsync(_layer, chosen, _cancellation);
            if (!fetch.IsCompletedSuccessfully)
            {
                rows = fetch.AsTask();
                return false;
            }
        }

        _session.Memory.Fill(_layer, _stack.Bos[_layer], _memory, _session.Retrieved[_layer]);
        _next = _first;
        _stage = LayerStage.Computes;
        return true;
    }

    /// <summary>The rows of one page through one layer.</summary>
    private void RunPiece(PassScratch scratch)
    {
        int count = PieceAt(_next);
        MatrixView keys = _session.Keys(_layer, _next, count);
        MatrixView queries = _stack.Layers[_layer].QueriesKeysAndValues(Rows(_next, count), AdapterMode.Read, scratch, keys, _session.Values(_layer, _next, count));
        _stack.Layers[_layer].Rotate(keys, PositionOf(_next));
        Forward(_next, queries, scratch);
        _next += count;
    }

    /// <summary>The last layer: K and V of all rows, which the answer will read; only the last row goes on, because nobody asks what becomes of the others.</summary>
    private void RunLastLayer(PassScratch scratch)
    {
        DecoderLayer layer = _stack.Layers[_layer];
        while (_next < _total)
        {
            int count = PieceAt(_next);
            MatrixView keys = _session.Keys(_layer, _next, count);
            layer.KeysAndValues(Rows(_next, count), AdapterMode.Read, scratch, keys, _session.Values(_layer, _next, count));
            layer.Rotate(keys, PositionOf(_next));
            _next += count;
        }

        Forward(_total - 1, layer.Queries(Rows(_total - 1, 1), AdapterMode.Read, scratch), scratch);
    }

    /// <summary>Rows from <paramref name="row"/> on become the layer's output. Their K and V are there; the queries are not rotated yet.</summary>
    private void Forward(int row, MatrixView queries, PassScratch scratch)
    {
        DecoderLayer layer = _stack.Layers[_layer];
        layer.Rotate(queries, PositionOf(row));
        scratch.ClearSequences();
        _session.ListSegments(_layer, row + queries.Rows, scratch);
        scratch.EndSequence(queries.Rows);
        layer.Forward(Rows(row, queries.Rows), queries, AdapterMode.Read, scratch);
    }

    private MatrixView Rows(int first, int count) => _x.SliceRows(first - _first, count);

    private int PositionOf(int row) => _session.Memory.Rows(_layer) + row;

    private int PieceAt(int row) => Math.Min(TextPage.RowCount, _total - row);

    /// <summary>Final norm and head, of the last row only unless a probe wants all.</summary>
    private void Finish(PassScratch scratch)
    {
        if (_probe is { WantsAllRows: true })
        {
            using DeviceBuffer buffer = _stack.Backend.Allocate((long)_x.Rows * _stack.Dimensions.D);
            MatrixView all = buffer.AsMatrix(_x.Rows, _stack.Dimensions.D);
            _stack.NormOutput(_x, all);
            _probe.Normed(all);
        }

        _session.Advance(_total - _first);
        _stack.Download(_stack.Logits(_x.SliceRows(_x.Rows - 1, 1), scratch), _session.Logits);
    }
}
