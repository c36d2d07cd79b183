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
        int found = Array.BinarySearch(_starts, position);
        int run = found >= 0 ? found : ~found - 1;
        ArgumentOutOfRangeException.ThrowIfNegative(run, nameof(position));
        int offset = position - _starts[run];
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, _runs[run].Count, nameof(position));
        return _runs[run] with { First = _runs[run].First + offset, Count = 1 };
    }
}
