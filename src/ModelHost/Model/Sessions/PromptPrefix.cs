using System.Collections.Immutable;

namespace LatentDb.ModelHost.Model.Sessions;

/// <summary>
/// What a prefill computed of its prompt, kept for a later prompt over the same version: whole pages of K and V, and the bank rows that were read.
/// Holds for exactly one version of one memory; whoever keeps it must key it so. Immutable; disposed by whoever keeps it, while sessions that began from
/// it go on holding its pages.
/// </summary>
internal sealed class PromptPrefix : IDisposable
{
    private readonly ImmutableArray<int> _ids;
    private readonly ImmutableArray<TextPage> _pages;
    private readonly int[][]? _retrieved;
    private bool _disposed;

    /// <param name="ids">The whole prompt.</param>
    /// <param name="pages">Its full pages; retained here.</param>
    /// <param name="retrieved">Bank rows by layer where the prompt chose them; null when every prompt reads the same rows.</param>
    public PromptPrefix(ImmutableArray<int> ids, ReadOnlySpan<TextPage> pages, int[][]? retrieved)
    {
        _ids = ids;
        _pages = [.. pages];
        _retrieved = retrieved;
        foreach (TextPage page in _pages) page.Retain();
    }

    /// <summary>Device bytes that it keeps.</summary>
    public long Bytes => _pages.Sum(page => page.Bytes);

    /// <summary>Tokens of the prompt that it came from.</summary>
    public int Tokens => _ids.Length;

    /// <summary>
    /// Rows of the prompt <paramref name="ids"/> that need not be computed: whole pages of the common beginning, but never the last row, whose
    /// logits are wanted. Where the prompt chose what was read from the bank, only the same prompt may use them.
    /// </summary>
    public int UsableRows(ReadOnlySpan<int> ids)
    {
        if (_retrieved is not null && !IsSamePrompt(ids)) return 0;
        int common = Math.Min(ids.CommonPrefixLength(_ids.AsSpan()), ids.Length - 1);
        return Math.Min(common / TextPage.RowCount, _pages.Length) * TextPage.RowCount;
    }

    /// <summary>The bank rows that this prompt read, per layer; null when they must be chosen.</summary>
    public int[][]? RetrievedBy(ReadOnlySpan<int> ids) => IsSamePrompt(ids) ? _retrieved : null;

    /// <summary>The first <paramref name="rows"/> / <see cref="TextPage.RowCount"/> pages.</summary>
    public ReadOnlySpan<TextPage> PagesOf(int rows) => _pages.AsSpan()[..(rows / TextPage.RowCount)];

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        foreach (TextPage page in _pages) page.Release();
    }

    private bool IsSamePrompt(ReadOnlySpan<int> ids) => ids.SequenceEqual(_ids.AsSpan());
}
