using LatentDb.MemoryStore.Versions;

namespace LatentDb.ModelHost.Model.Retrieval;

/// <summary>
/// A bank in two orders. Every write drops K rows at random ranks into the bank, so in the order of entry, which is that of its positions, it consists of
/// single rows; by blocks it consists of nearly whole ones, and is scored so. Made once for a version and layer; takes 8 bytes a row.
/// </summary>
internal sealed class BankIndex
{
    private readonly BankBlock[] _blocks;
    private readonly int[] _scores;

    /// <param name="rows">The layer.</param>
    /// <param name="blocks">Blocks of the manifest.</param>
    public BankIndex(LayerRows rows, int blocks)
    {
        Positions = new BankPositions(rows);
        RowRange[] ranges = FindRanges(rows, blocks);
        int[] firstScores = new int[blocks];
        var named = new List<BankBlock>();
        for (int run = 0; run < rows.Bank.Length; run++)
        {
            int block = rows.Bank[run].Block;
            RowRange range = ranges[block];
            if (range.Count == 0) continue; // a run before named it
            named.Add(new BankBlock(run, range));
            firstScores[block] = Scored - range.First;
            Scored += range.Count;
            ranges[block] = default;
        }

        _blocks = [.. named];
        _scores = new int[rows.BankRows];
        int position = 0;
        foreach (BankRun run in rows.Bank)
        {
            for (int row = run.First; row < run.End; row++) _scores[position++] = firstScores[run.Block] + row;
        }
    }

    public BankPositions Positions { get; }

    /// <summary>What is scored, in this order.</summary>
    public ReadOnlySpan<BankBlock> Blocks => _blocks;

    /// <summary>Rows of all <see cref="Blocks"/>: those of the bank, and the few that stand between them.</summary>
    public int Scored { get; }

    /// <summary>For each position of the bank the place of its row among the scored ones.</summary>
    public ReadOnlySpan<int> Scores => _scores;

    /// <summary>For each block the smallest range of rows that holds all that the bank names.</summary>
    private static RowRange[] FindRanges(LayerRows rows, int blocks)
    {
        var ranges = new RowRange[blocks];
        foreach (BankRun run in rows.Bank)
        {
            RowRange known = ranges[run.Block];
            int first = known.Count == 0 ? run.First : Math.Min(known.First, run.First);
            ranges[run.Block] = new RowRange(first, Math.Max(known.Count == 0 ? run.End : known.End, run.End) - first);
        }

        return ranges;
    }
}

/// <summary>Rows of one block that are scored together.</summary>
/// <param name="Run">A run of the bank that names the block.</param>
/// <param name="Rows">Rows of the block.</param>
internal readonly record struct BankBlock(int Run, RowRange Rows);
