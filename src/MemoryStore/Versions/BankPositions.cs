using System.Collections.Immutable;

namespace LatentDb.MemoryStore.Versions;

/// <summary>Finds the row at a position of a bank: O(runs) to make, O(log runs) for a look-up.</summary>
public sealed class BankPositions
{
    private readonly ImmutableArray<BankRun> _runs;
    private readonly int[] _starts;

    public BankPositions(LayerRows rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        _runs = rows.Bank;
        _starts = new int[_runs.Length];
        for (int i = 1; i < _starts.Length; i++) _starts[i] = _starts[i - 1] + _runs[i - 1].Count;
    }

    /// <summary>The one row at <paramref name="position"/>, counted from 0 in the order of entry, as a run of its own.</summary>
    public BankRun At(int position)
    {
        BankRow row = RowAt(position);
        return _runs[row.Run] with { First = row.Row, Count = 1 };
    }

    /// <summary>The run that holds <paramref name="position"/>, and the row of its block.</summary>
    public BankRow RowAt(int position)
    {
        int found = Array.BinarySearch(_starts, position);
        int run = found >= 0 ? found : ~found - 1;
        ArgumentOutOfRangeException.ThrowIfNegative(run, nameof(position));
        int offset = position - _starts[run];
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, _runs[run].Count, nameof(position));
        return new BankRow(run, _runs[run].First + offset);
    }
}

/// <summary>One row of a bank.</summary>
/// <param name="Run">Index into <see cref="LayerRows.Bank"/>.</param>
/// <param name="Row">Row of the run's block.</param>
public readonly record struct BankRow(int Run, int Row);
