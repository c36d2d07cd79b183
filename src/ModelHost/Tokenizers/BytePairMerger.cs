using System.Collections.Frozen;

namespace LatentDb.ModelHost.Tokenizers;

/// <summary>
/// Byte pair encoding of one piece (Sennrich et al. 2016): the pair of the lowest rank is merged, leftmost first, until none is left.
/// Immutable; safe for concurrent use.
/// </summary>
internal sealed class BytePairMerger
{
    /// <summary>Up to this many bytes, looking at all pairs after each merge beats keeping a heap; almost every word is shorter.</summary>
    private const int MaxScanBytes = 48;

    private readonly int[] _idOfByte;
    private readonly FrozenDictionary<long, Merge> _merges;

    /// <param name="idOfByte">256 ids.</param>
    /// <param name="merges">Pairs in order of rank.</param>
    public BytePairMerger(int[] idOfByte, IReadOnlyList<MergeRule> merges)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(idOfByte.Length, 256);
        _idOfByte = idOfByte;
        _merges = merges.Select((rule, rank) => KeyValuePair.Create(Key(rule.Left, rule.Right), new Merge(rank, rule.Result))).ToFrozenDictionary();
    }

    /// <summary>Appends the ids of <paramref name="piece"/>.</summary>
    public void Encode(ReadOnlySpan<byte> piece, List<int> ids)
    {
        if (piece.Length <= MaxScanBytes) EncodeByScan(piece, ids);
        else EncodeByHeap(piece, ids);
    }

    /// <summary>O(n²) with a small constant and no allocation.</summary>
    internal void EncodeByScan(ReadOnlySpan<byte> piece, List<int> ids)
    {
        Span<int> symbols = piece.Length <= MaxScanBytes ? stackalloc int[piece.Length] : new int[piece.Length];
        for (int i = 0; i < piece.Length; i++) symbols[i] = _idOfByte[piece[i]];
        while (symbols.Length > 1)
        {
            int best = -1;
            var bestMerge = new Merge(int.MaxValue, 0);
            for (int i = 0; i + 1 < symbols.Length; i++)
            {
                if (_merges.TryGetValue(Key(symbols[i], symbols[i + 1]), out Merge merge) && merge.Rank < bestMerge.Rank)
                {
                    best = i;
                    bestMerge = merge;
                }
            }

            if (best < 0) break;
            symbols[best] = bestMerge.Result;
            symbols[(best + 2)..].CopyTo(symbols[(best + 1)..]);
            symbols = symbols[..^1];
        }

        foreach (int symbol in symbols) ids.Add(symbol);
    }

    /// <summary>O(n log n): a linked list of symbols and a heap of candidate pairs; candidates that no longer hold are skipped when they come up.</summary>
    internal void EncodeByHeap(ReadOnlySpan<byte> piece, List<int> ids)
    {
        int count = piece.Length;
        int[] symbols = new int[count];
        int[] next = new int[count];
        int[] previous = new int[count];
        for (int i = 0; i < count; i++)
        {
            symbols[i] = _idOfByte[piece[i]];
            next[i] = i + 1;
            previous[i] = i - 1;
        }

        var heap = new PriorityQueue<Candidate, long>(count);
        for (int i = 0; i + 1 < count; i++) Offer(heap, symbols, i, i + 1);
        while (heap.TryDequeue(out Candidate candidate, out _))
        {
            int left = candidate.Position;
            int right = next[left];
            if (right >= count || symbols[left] != candidate.Left || symbols[right] != candidate.Right) continue;
            symbols[left] = candidate.Result;
            symbols[right] = -1;
            next[left] = next[right];
            if (next[left] < count) previous[next[left]] = left;
            if (previous[left] >= 0) Offer(heap, symbols, previous[left], left);
            if (next[left] < count) Offer(heap, symbols, left, next[left]);
        }

        for (int i = 0; i < count; i = next[i]) ids.Add(symbols[i]);
    }

    private void Offer(PriorityQueue<Candidate, long> heap, int[] symbols, int left, int right)
    {
        if (!_merges.TryGetValue(Key(symbols[left], symbols[right]), out Merge merge)) return;
        heap.Enqueue(new Candidate(left, symbols[left], symbols[right], merge.Result), ((long)merge.Rank << 32) | (uint)left);
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;

    private readonly record struct Merge(int Rank, int Result);

    private readonly record struct Candidate(int Position, int Left, int Right, int Result);
}

/// <summary>left followed by right becomes result.</summary>
internal readonly record struct MergeRule(int Left, int Right, int Result);
