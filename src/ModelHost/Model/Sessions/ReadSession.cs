using System.Buffers;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model.Passes;

namespace LatentDb.ModelHost.Model.Sessions;

/// <summary>
/// Everything that one query holds from its prefill to its last token: the segments of its memory, its text, its logits. Used by one thread at a time;
/// the memory's rows must stay pinned until it is disposed.
/// </summary>
internal sealed class ReadSession : IDisposable
{
    private readonly TextPages _pages;
    private readonly List<TextPage> _text = [];
    private readonly int _vocabulary;
    private readonly int _capacityRows;
    private float[] _logits;

    /// <param name="backend">Where gathered memory rows go.</param>
    /// <param name="dimensions">The model.</param>
    /// <param name="pages">Where text comes from and goes back to.</param>
    /// <param name="buffers">The same for gathered memory rows.</param>
    /// <param name="promptRows">Tokens of the prompt.</param>
    /// <param name="newRows">Tokens that may be appended to it.</param>
    public ReadSession(IComputeBackend backend, ModelDimensions dimensions, TextPages pages, RowBuffers buffers, int promptRows, int newRows)
    {
        _pages = pages;
        _vocabulary = dimensions.Vocabulary;
        _capacityRows = promptRows + newRows;
        _logits = ArrayPool<float>.Shared.Rent(_vocabulary);
        PromptRows = promptRows;
        Memory = new MemorySegments(backend, dimensions, buffers);
        Retrieved = new int[dimensions.L][];
        Array.Fill(Retrieved, []);
    }

    public int PromptRows { get; }

    /// <summary>Tokens that are in every layer.</summary>
    public int TextRows { get; private set; }

    /// <summary>Whether a further token may be appended.</summary>
    public bool HasRoom => TextRows < _capacityRows;

    /// <summary>What stands before the text.</summary>
    public MemorySegments Memory { get; }

    /// <summary>Positions in the bank that the prefill read, per layer, in reading order.</summary>
    public int[][] Retrieved { get; }

    /// <summary>The last row's logits, on the host; the sampler may change them.</summary>
    public Span<float> Logits => _logits.AsSpan(0, _vocabulary);

    /// <summary>Begins with pages that another session computed, and makes room for a prompt of <paramref name="rows"/> rows.</summary>
    public void Begin(ReadOnlySpan<TextPage> known, int rows)
    {
        if (_text.Count > 0) throw new InvalidOperationException("The session has begun already.");
        if (rows > _capacityRows) throw new InvalidOperationException($"A session of {_capacityRows} text rows cannot take {rows}.");
        foreach (TextPage page in known) _text.Add(page.Retain());
        TextRows = _text.Count * TextPage.RowCount;
        while (_text.Count * TextPage.RowCount < rows) _text.Add(_pages.Rent());
    }

    /// <summary>Makes room for one more row.</summary>
    public void MakeRoom()
    {
        if (!HasRoom) throw new InvalidOperationException($"A session of {_capacityRows} text rows is full.");
        if (TextRows == _text.Count * TextPage.RowCount) _text.Add(_pages.Rent());
    }

    /// <summary>K of text rows that lie in one page [count, kv width].</summary>
    public MatrixView Keys(int layer, int row, int count) => _text[row / TextPage.RowCount].Keys(layer).SliceRows(row % TextPage.RowCount, count);

    public MatrixView Values(int layer, int row, int count) => _text[row / TextPage.RowCount].Values(layer).SliceRows(row % TextPage.RowCount, count);

    /// <summary>All layers have <paramref name="rows"/> more rows of text.</summary>
    public void Advance(int rows) => TextRows += rows;

    /// <summary>Lists what rows of a layer attend to: its memory, and its text up to <paramref name="endRow"/>, the last page last.</summary>
    public void ListSegments(int layer, int endRow, PassScratch scratch)
    {
        scratch.Attend(Memory.Of(layer));
        for (int row = 0; row < endRow; row += TextPage.RowCount)
        {
            int count = Math.Min(TextPage.RowCount, endRow - row);
            scratch.Attend(new KeySegment(Keys(layer, row, count), Values(layer, row, count), Memory.Rows(layer) + row, IsRotated: true));
        }
    }

    /// <summary>Full pages of the prompt; only once it is read.</summary>
    public ReadOnlySpan<TextPage> PromptPages() =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_text)[..(Math.Min(PromptRows, TextRows) / TextPage.RowCount)];

    public void Dispose()
    {
        if (_logits.Length == 0) return;
        ArrayPool<float>.Shared.Return(_logits);
        _logits = [];
        foreach (TextPage page in _text) page.Release();
        _text.Clear();
        Memory.Dispose();
    }
}
