using System.Collections.Immutable;

namespace LatentDb.ModelHost.Model.Pool;

/// <summary>Which pool ranks a write drops in a layer: drawn from a seed, or given (replay of recorded vectors).</summary>
internal abstract class DropSource
{
    /// <summary>Exactly <paramref name="count"/> different ranks of [0, poolRows), ascending.</summary>
    public abstract ImmutableArray<int> Draw(int layer, int poolRows, int count);
}

/// <summary>Uniform subsets; the same seed and chunk give the same subsets on every machine.</summary>
/// <param name="seed">The inject's seed, stored in its version.</param>
/// <param name="chunk">Index of the chunk within the inject.</param>
/// <param name="perLayer">False: all layers share one draw.</param>
internal sealed class SeededDropSource(ulong seed, int chunk, bool perLayer) : DropSource
{
    public override ImmutableArray<int> Draw(int layer, int poolRows, int count)
    {
        ulong stream = ((ulong)(uint)chunk << 32) | (perLayer ? (uint)layer : 0);
        var random = SeededRandom.ForPart(seed, stream);

        // The first `count` steps of a Fisher-Yates shuffle are a uniform subset.
        int[] ranks = new int[poolRows];
        for (int i = 0; i < poolRows; i++) ranks[i] = i;
        for (int i = 0; i < count; i++)
        {
            int j = i + random.NextInt32(poolRows - i);
            (ranks[i], ranks[j]) = (ranks[j], ranks[i]);
        }

        Array.Sort(ranks, 0, count);
        return [.. ranks.AsSpan(0, count)];
    }
}
