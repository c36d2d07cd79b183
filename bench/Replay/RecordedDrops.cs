using System.Collections.Immutable;
using LatentDb.ModelHost.Model;

namespace LatentDb.Replay;

/// <summary>The drops that the official run drew: one row per layer, or one row for all.</summary>
internal sealed class RecordedDrops(long[] ranks, int draws) : DropSource
{
    public override ImmutableArray<int> Draw(int layer, int poolRows, int count)
    {
        int each = ranks.Length / draws;
        if (each != count) throw new InvalidDataException($"The case drops {each} rows where the model drops {count}.");
        int first = (draws == 1 ? 0 : layer) * each;
        return [.. ranks.AsSpan(first, each).ToArray().Select(r => checked((int)r))];
    }
}
