using System.Collections.Immutable;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.ModelHost.Model.Pool;

/// <summary>
/// The merge of staged rows into the long-term bank (spec 4.2): they receive a life, every row loses some, and rows whose life is used up leave,
/// unless fewer than R would remain: then none leaves and nobody loses life. A cohort FIFO, decided per layer.
/// </summary>
internal static class BankEviction
{
    /// <summary>Rows at or below this life leave (the official code's threshold).</summary>
    private const float MinLife = 0.01f;

    /// <summary>What a merge does to a layer whose bank will have received <paramref name="arriving"/> more staged rows.</summary>
    public static BankMerge Merge(LayerRows rows, int arriving, PoolRules rules)
    {
        float sealedLife = rules.InitialLife + rows.Decays;
        float decays = rows.Decays + rules.Decay;
        var evicted = ImmutableArray.CreateBuilder<RowRange>();
        int position = 0;
        int evictedRows = 0;
        foreach (BankRun run in rows.Bank)
        {
            float life = (run.IsStaged ? sealedLife : run.LifeBase) - decays;
            if (life <= MinLife) evictedRows += AddRange(evicted, position, run.Count);
            position += run.Count;
        }

        if (sealedLife - decays <= MinLife) evictedRows += AddRange(evicted, position, arriving);
        int remaining = position + arriving - evictedRows;
        return remaining > rules.RetrievedRows
            ? new BankMerge(sealedLife, decays, evicted.ToImmutable())
            : new BankMerge(sealedLife, rows.Decays, []);
    }

    private static int AddRange(ImmutableArray<RowRange>.Builder ranges, int first, int count)
    {
        if (ranges.Count > 0 && ranges[^1].End == first) ranges[^1] = ranges[^1] with { Count = ranges[^1].Count + count };
        else ranges.Add(new RowRange(first, count));
        return count;
    }
}

/// <summary>The outcome of a merge, in the terms of <see cref="LayerDelta"/>.</summary>
internal sealed record BankMerge(float SealedLife, float Decays, ImmutableArray<RowRange> Evicted);
