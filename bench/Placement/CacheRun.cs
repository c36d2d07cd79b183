using LatentDb.MemoryStore.Identity;
using LatentDb.ModelHost.Remote;

namespace LatentDb.Placement;

/// <summary>
/// Requests arrive at random times at half of what all places can take; a hit computes for a second, a miss reads for half a second more. Each of ten
/// callers knows the loads of two seconds ago and what it has sent since, and what the answers that it gets say.
/// </summary>
internal static class CacheRun
{
    private const int Places = 16;
    private const double Load = 0.5;
    private const double HitSeconds = 1;
    private const double MissSeconds = 1.5;
    private const double HeartbeatSeconds = 2;
    private const int Callers = 10;
    private const int Seed = 20260101;

    public static CacheResult Make(ModelCluster cluster, Chooser chooser)
    {
        var random = new Random(Seed);
        var zipf = new ZipfSource(cluster.Memories, cluster.Zipf, random);
        var silos = new SiloStates(cluster, Callers);
        int requests = Requests(cluster);
        double rate = Load * Places * cluster.Silos / HitSeconds;
        double now = 0;
        double nextBeat = HeartbeatSeconds;
        var firsts = new Dictionary<int, int>();
        var result = new Tally();
        for (int i = 0; i < requests; i++)
        {
            now += -Math.Log(1 - random.NextDouble()) / rate;
            silos.EndUntil(now);
            for (; nextBeat <= now; nextBeat += HeartbeatSeconds) silos.Beat();
            int memory = zipf.Next();
            int caller = random.Next(Callers);
            int first = chooser == Chooser.Random ? -1 : FirstOf(memory, silos, firsts);
            int chosen = chooser switch
            {
                Chooser.Random => random.Next(cluster.Silos),
                Chooser.Hash => first,
                Chooser.BoundedNow => ModelPlacement.Choose(UidOf(memory), silos.Seen()),
                Chooser.BoundedLate => ModelPlacement.Choose(UidOf(memory), silos.SeenBy(caller)),
                _ => ModelPlacement.Choose(UidOf(memory), silos.HeardBy(caller, now, HeartbeatSeconds)),
            };
            bool isHit = silos.Touch(chosen, memory);
            silos.Begin(chosen, caller, now, now + (isHit ? HitSeconds : MissSeconds));
            if (i >= requests / 2) result.Add(isHit, chosen == first, silos.Busiest);
        }

        return result.Over(Load * Places);
    }

    /// <summary>One cache of all silos' size, which has whatever was asked last: no placement can do much better.</summary>
    public static double IdealHits(ModelCluster cluster)
    {
        var zipf = new ZipfSource(cluster.Memories, cluster.Zipf, new Random(Seed));
        var cache = new RecentSet(cluster.CachedMemories * cluster.Silos);
        int requests = Requests(cluster);
        int hits = 0;
        for (int i = 0; i < requests; i++)
        {
            bool isHit = cache.Touch(zipf.Next());
            if (isHit && i >= requests / 2) hits++;
        }

        return hits / (requests / 2.0);
    }

    private static int FirstOf(int memory, SiloStates silos, Dictionary<int, int> known)
    {
        if (!known.TryGetValue(memory, out int first)) known[memory] = first = ModelPlacement.Choose(UidOf(memory), silos.Idle);
        return first;
    }

    /// <summary>Enough to fill all caches several times, and no more than a machine does in a while.</summary>
    private static int Requests(ModelCluster cluster) => Math.Clamp(cluster.Silos * cluster.CachedMemories * 8, 40_000, 300_000);

    private static MemoryUid UidOf(int memory) => new(((UInt128)((ulong)memory * 0x9e3779b97f4a7c15) << 64) | (ulong)memory);

    private sealed class Tally
    {
        private int _all;
        private int _hits;
        private int _first;
        private long _busiest;

        public void Add(bool isHit, bool isFirst, int busiest)
        {
            _all++;
            if (isHit) _hits++;
            if (isFirst) _first++;
            _busiest += busiest;
        }

        public CacheResult Over(double mean) => new((double)_hits / _all, (double)_busiest / _all / mean, (double)_first / _all);
    }
}

/// <summary>A cluster of model silos under load.</summary>
/// <param name="Memories">That are asked at all.</param>
/// <param name="Silos">Model silos.</param>
/// <param name="CachedMemories">That fit into one silo.</param>
/// <param name="Zipf">How much more often the favourites are asked: the k-th in proportion to k to the minus this.</param>
internal sealed record ModelCluster(int Memories, int Silos, int CachedMemories, double Zipf);

/// <summary>How the silo for a request is chosen.</summary>
internal enum Chooser
{
    Random,

    /// <summary>Rendezvous hashing that does not look at loads.</summary>
    Hash,

    /// <summary>What the product does, if it knew the loads of this moment.</summary>
    BoundedNow,

    /// <summary>What the product did with the loads of the membership alone.</summary>
    BoundedLate,

    /// <summary>What the product does: each answer carries the load of its silo.</summary>
    Bounded,
}

/// <summary>What a run gave, after it had warmed up.</summary>
internal sealed record CacheResult(double Hits, double BusiestOverMean, double FirstChoice);
