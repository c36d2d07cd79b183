using LatentDb.ModelHost.Model.Sessions;

namespace LatentDb.ModelHost.Hosting;

/// <summary>A prompt in the <see cref="PromptCache"/>; what changes, changes under its lock.</summary>
internal sealed class CachedPrompt
{
    /// <summary>Bytes of an entry besides its pages and numbers, rounded up: were it free, entries without pages would have no bound.</summary>
    private const int EntryBytes = 1024;

    private readonly int[] _ids;
    private readonly int _pageRows;

    /// <param name="key">The version.</param>
    /// <param name="ids">The whole prompt; not to be changed any more.</param>
    /// <param name="prefix">What was computed of it.</param>
    public CachedPrompt(PromptKey key, int[] ids, PromptPrefix prefix)
    {
        Key = key;
        Prefix = prefix;
        Node = new LinkedListNode<CachedPrompt>(this);
        _ids = ids;
        _pageRows = ids.Length / TextPage.RowCount * TextPage.RowCount;
        int[][]? retrieved = prefix.RetrievedBy(ids);
        DependsOnPrompt = retrieved is not null;
        Bytes = prefix.Bytes + EntryBytes + (sizeof(int) * (long)(ids.Length + (retrieved?.Sum(r => r.Length) ?? 0)));
    }

    public PromptKey Key { get; }

    public PromptPrefix Prefix { get; }

    /// <summary>Only the same prompt may use it, because the prompt chose what was read from the bank.</summary>
    public bool DependsOnPrompt { get; }

    public long Bytes { get; }

    public LinkedListNode<CachedPrompt> Node { get; }

    /// <summary>Queries that begin with it at this moment.</summary>
    public int Renters { get; set; }

    /// <summary>It is not in the cache any more.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>Rows of the prompt that need not be computed, and one more for knowing what is read from the bank; 0 = of no use.</summary>
    public int WorthFor(ReadOnlySpan<int> prompt) => Prefix.UsableRows(prompt) + (Prefix.RetrievedBy(prompt) is null ? 0 : 1);

    /// <summary>Whatever prompt the other one spares, this one spares as much of.</summary>
    public bool Covers(CachedPrompt other) => DependsOnPrompt || other.DependsOnPrompt
        ? _ids.AsSpan().SequenceEqual(other._ids)
        : other._pageRows <= _pageRows && _ids.AsSpan(0, other._pageRows).SequenceEqual(other._ids.AsSpan(0, other._pageRows));
}
