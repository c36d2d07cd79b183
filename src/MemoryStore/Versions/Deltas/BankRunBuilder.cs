using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Versions.Deltas;

/// <summary>Adds dropped rows to a bank, gives staged rows their life at a merge, and takes evicted positions out.</summary>
internal sealed class BankRunBuilder
{
    private readonly ImmutableArray<BankRun>.Builder _runs;
    private readonly bool _changesOld;

    public BankRunBuilder(ImmutableArray<BankRun> runs, float? sealedLife)
    {
        _runs = runs.ToBuilder();
        _changesOld = sealedLife is not null;
    }

    public void Add(int block, int row, long write)
    {
        if (_runs.Count > 0 && _runs[^1] is var last && last.Block == block && last.End == row && last.EnteredAt == write && last.IsStaged)
        {
            _runs[^1] = last with { Count = last.Count + 1 };
            return;
        }

        _runs.Add(new BankRun(block, row, 1, write, float.NaN));
    }

    public void Seal(float life)
    {
        if (!_changesOld) return;
        for (int i = _runs.Count - 1; i >= 0 && _runs[i].IsStaged; i--) _runs[i] = _runs[i] with { LifeBase = life };
    }

    public ImmutableArray<BankRun> ToImmutableWithout(ImmutableArray<RowRange> evicted)
    {
        if (evicted.IsDefaultOrEmpty) return _runs.ToImmutable();
        var kept = ImmutableArray.CreateBuilder<BankRun>(_runs.Count);
        int position = 0;
        int next = 0;
        foreach (BankRun run in _runs)
        {
            int from = position;
            int end = position + run.Count;
            while (next < evicted.Length && evicted[next].First < end)
            {
                RowRange gap = evicted[next];
                if (gap.First > from) kept.Add(run with { First = run.First + from - position, Count = gap.First - from });
                from = Math.Min(end, gap.End);
                if (gap.End > end) break;
                next++;
            }

            if (end > from) kept.Add(run with { First = run.First + from - position, Count = end - from });
            position = end;
        }

        if (evicted[^1].End > position) throw new LatentDbException(ErrorCode.DataDamaged, $"The manifest delta evicts bank row {evicted[^1].End - 1} of {position}.");
        return kept.ToImmutable();
    }
}
