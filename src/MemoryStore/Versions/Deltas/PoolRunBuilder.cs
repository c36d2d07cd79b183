using System.Collections.Immutable;

namespace LatentDb.MemoryStore.Versions.Deltas;

/// <summary>Collects pool rows in order and merges neighbours into runs.</summary>
internal sealed class PoolRunBuilder
{
    private readonly ImmutableArray<RowRun>.Builder _runs = ImmutableArray.CreateBuilder<RowRun>();

    public void Add(int block, int first, int count)
    {
        if (_runs.Count > 0 && _runs[^1] is var last && last.Block == block && last.End == first)
        {
            _runs[^1] = last with { Count = last.Count + count };
            return;
        }

        _runs.Add(new RowRun(block, first, count));
    }

    public ImmutableArray<RowRun> ToImmutable() => _runs.ToImmutable();
}
