using System.Collections.Immutable;
using LatentDb.ModelHost.Model.Pool;

namespace LatentDb.Replay;

/// <summary>
/// The drops that the official run drew: the tail of each recorded permutation, or the recorded ranks themselves where a case has no
/// permutations. One row for each layer, or one for all.
/// </summary>
internal sealed class RecordedDrops : DropSource
{
    private readonly string _step;
    private readonly long[][] _permutations;
    private readonly long[][] _dropped;

    public RecordedDrops(GoldenStep step, GoldenTensors inputs, int draws)
    {
        _step = step.Id;
        _permutations = Rows(step, inputs, ".perm", draws);
        _dropped = Rows(step, inputs, ".dropped", draws);
    }

    public override ImmutableArray<int> Draw(int layer, int poolRows, int count)
    {
        if (_permutations.Length > 0) return Tail(_permutations[_permutations.Length == 1 ? 0 : layer], poolRows, count);
        if (_dropped.Length == 0) throw new InvalidDataException($"Step {_step} updates a filled pool but records no drop.");
        long[] ranks = _dropped[_dropped.Length == 1 ? 0 : layer];
        if (ranks.Length != count) throw new InvalidDataException($"Step {_step} records {ranks.Length} dropped rows in layer {layer} where {count} are dropped.");
        return [.. ranks.Select(rank => checked((int)rank)).Order()];
    }

    private ImmutableArray<int> Tail(long[] permutation, int poolRows, int count)
    {
        bool isPermutation = permutation.Length == poolRows && permutation.Order().SequenceEqual(Enumerable.Range(0, poolRows).Select(i => (long)i));
        if (!isPermutation) throw new InvalidDataException($"Step {_step} records a draw that is no permutation of the {poolRows} pool rows.");
        return [.. permutation.AsSpan(poolRows - count).ToArray().Select(rank => (int)rank).Order()];
    }

    private static long[][] Rows(GoldenStep step, GoldenTensors inputs, string ending, int draws)
    {
        string? name = step.Replay.FirstOrDefault(n => n.EndsWith(ending, StringComparison.Ordinal));
        if (name is null) return [];
        int[] shape = inputs.Shape(name);
        if (shape.Length != 2 || shape[0] != draws) throw new InvalidDataException($"'{name}' has shape [{string.Join(", ", shape)}]; {draws} draws were made.");
        return [.. inputs.Integers(name).Chunk(Math.Max(1, shape[1]))];
    }
}
