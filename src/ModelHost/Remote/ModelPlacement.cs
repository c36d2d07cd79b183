using System.Text;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.ModelHost.Remote;

/// <summary>
/// Which model silo computes for a memory. Always the same one while it has room, because it has the memory's rows; when it has more than its share, the
/// next in the memory's own order. Pure, so that every silo chooses alike from what it sees.
/// </summary>
/// <remarks>Rendezvous hashing (Thaler and Ravishankar 1998), weighted by places, with bounded loads (Mirrokni, Thorup and Zadimoghaddam 2018).</remarks>
public static class ModelPlacement
{
    /// <summary>A silo takes at most so many times the mean load of its places. 1.25: the paper's figure for few hops and small excess.</summary>
    public const double Slack = 1.25;

    /// <summary>Below this part of its places a silo is never too loaded: sending a request elsewhere costs more than so small a batch.</summary>
    public const double FreePart = 0.25;

    /// <summary>The place of the chosen silo in <paramref name="silos"/>; -1 when there is none. The order of the silos does not matter.</summary>
    public static int Choose(MemoryUid memory, ReadOnlySpan<ModelCandidate> silos)
    {
        double requests = 1; // the one that is placed
        double places = 0;
        foreach (ModelCandidate silo in silos) (requests, places) = (requests + silo.Requests, places + silo.Places);

        int best = -1;
        double bestScore = double.NegativeInfinity;
        for (int i = 0; i < silos.Length; i++)
        {
            if (silos[i].Places < 1 || silos[i].Requests >= Bound(silos[i], requests / places)) continue;
            double score = Score(memory, silos[i]);
            bool isBetter = score > bestScore || (score == bestScore && string.CompareOrdinal(silos[i].Name, silos[best].Name) < 0);
            if (isBetter) (best, bestScore) = (i, score);
        }

        return best;
    }

    /// <summary>Requests at which a silo is full. Not all can be: then they would have more than all requests together.</summary>
    internal static double Bound(ModelCandidate silo, double meanLoad) => Math.Max(Math.Ceiling(Slack * meanLoad * silo.Places), Math.Ceiling(FreePart * silo.Places));

    /// <summary>Of all silos the one with the highest is first, and each wins in proportion to its places.</summary>
    private static double Score(MemoryUid memory, ModelCandidate silo)
    {
        ulong hash = Mix(Mix(HashOf(silo.Name) ^ (ulong)memory.Value) ^ (ulong)(memory.Value >> 64));
        double uniform = ((hash >> 11) + 0.5) / (1UL << 53); // in (0, 1)
        return silo.Places / -Math.Log(uniform);
    }

    /// <summary>FNV-1a: names are short, and the mixing afterwards does the rest.</summary>
    private static ulong HashOf(string name)
    {
        ulong hash = 14695981039346656037;
        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in name.EnumerateRunes())
        {
            foreach (byte unit in utf8[..rune.EncodeToUtf8(utf8)]) hash = (hash ^ unit) * 1099511628211;
        }

        return hash;
    }

    /// <summary>The finaliser of SplitMix64: each bit of the result hangs on every bit of the argument.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}

/// <summary>A silo that may compute.</summary>
/// <param name="Name">Of the silo.</param>
/// <param name="Requests">That use or wait for its model, as far as is known; need not be whole.</param>
/// <param name="Places">Requests that its model runs at once.</param>
public readonly record struct ModelCandidate(string Name, double Requests, int Places);
