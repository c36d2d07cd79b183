using System.Globalization;

namespace LatentDb.Placement;

/// <summary>How often a model silo has the rows of the memory that is asked, and how full the fullest gets.</summary>
internal static class CacheRates
{
    // 36 memories: 48 GiB for rows on a GPU over 1.34 GB, what the pool of an 8B model takes as K and V. 1,000: 1 GiB over 1 MB of the shipped model.
    private static readonly ModelCluster[] Cases =
    [
        new(Memories: 1_000, Silos: 2, CachedMemories: 36, Zipf: 1.0),
        new(Memories: 1_000, Silos: 8, CachedMemories: 36, Zipf: 1.0),
        new(Memories: 100_000, Silos: 8, CachedMemories: 36, Zipf: 1.0),
        new(Memories: 100_000, Silos: 64, CachedMemories: 36, Zipf: 1.0),
        new(Memories: 100_000, Silos: 64, CachedMemories: 36, Zipf: 0.8),
        new(Memories: 100_000, Silos: 2, CachedMemories: 1_000, Zipf: 1.0),
        new(Memories: 10_000_000, Silos: 100, CachedMemories: 36, Zipf: 1.0),
        new(Memories: 10_000_000, Silos: 1_000, CachedMemories: 36, Zipf: 1.0),
        new(Memories: 10_000_000, Silos: 1_000, CachedMemories: 36, Zipf: 0.8),
        new(Memories: 10_000_000, Silos: 20, CachedMemories: 1_000, Zipf: 1.0),
    ];

    public static void Print(TextWriter output)
    {
        output.WriteLine("| memories | Zipf | model silos x memories cached | hits: at random | by hash alone | bounded, true loads | bounded, loads of 2 s ago | bounded, loads from answers (ours) | one cache of all | busiest over mean: hash alone | true loads | 2 s ago | ours | ours at first choice |");
        output.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (ModelCluster cluster in Cases)
        {
            CacheResult random = CacheRun.Make(cluster, Chooser.Random);
            CacheResult hash = CacheRun.Make(cluster, Chooser.Hash);
            CacheResult now = CacheRun.Make(cluster, Chooser.BoundedNow);
            CacheResult late = CacheRun.Make(cluster, Chooser.BoundedLate);
            CacheResult bounded = CacheRun.Make(cluster, Chooser.Bounded);
            double ideal = CacheRun.IdealHits(cluster);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {cluster.Memories:n0} | {cluster.Zipf:0.0} | {cluster.Silos} x {cluster.CachedMemories} | {random.Hits:0.0%} | {hash.Hits:0.0%} | {now.Hits:0.0%} | {late.Hits:0.0%} | {bounded.Hits:0.0%} | {ideal:0.0%} | {hash.BusiestOverMean:0.0} | {now.BusiestOverMean:0.0} | {late.BusiestOverMean:0.0} | {bounded.BusiestOverMean:0.0} | {bounded.FirstChoice:0%} |"));
        }
    }
}
