using System.Collections.Immutable;
using System.Text;

namespace LatentDb.MemoryStore.Cluster;

/// <summary>
/// Who should own which shard: a pure function, so that silos which see the same agree without talking. Each silo gets as many shards as every other,
/// or one more; who has a shard and may keep it keeps it; the rest go by rendezvous hashing to whoever wants them most and has room.
/// </summary>
/// <remarks>Moves as few shards as balance allows: when a silo comes it gets its share and nothing else moves, when one goes only its own shards do.</remarks>
public static class ShardAssignment
{
    private const ulong FnvOffset = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;

    /// <summary>For each shard the silo that should own it; all null when no silo may.</summary>
    /// <param name="view">Living silos and present owners.</param>
    /// <param name="shards">Shards of the data folder.</param>
    public static ImmutableArray<string?> Of(ClusterView view, int shards)
    {
        ImmutableArray<string?> balanced = Balanced(view, shards);
        if (view.Copies.IsEmpty) return balanced;
        string[] able = Able(view);
        return [.. balanced.Select((silo, shard) => Promotable(view, shard, silo, able))];
    }

    /// <summary>As it should become: who has no copy of its shard yet gets one first.</summary>
    /// <param name="view">Living silos and present owners.</param>
    /// <param name="shards">Shards of the data folder.</param>
    public static ImmutableArray<string?> Balanced(ClusterView view, int shards)
    {
        ArgumentNullException.ThrowIfNull(view);
        return Assign(shards, Able(view), view.Owners, view.Copies);
    }

    /// <summary>The same from names alone.</summary>
    /// <param name="shards">How many there are.</param>
    /// <param name="silos">Who may own shards; each name once, in any order.</param>
    /// <param name="owners">Who owns them now, by shard; null, a name that is not among the silos, or a missing end = nobody who counts.</param>
    public static ImmutableArray<string?> Assign(int shards, IReadOnlyCollection<string> silos, IReadOnlyList<string?> owners) => Assign(shards, silos, owners, []);

    private static string[] Able(ClusterView view) => [.. view.Silos.Where(silo => silo.Roles.HasFlag(SiloRoles.Store) && !silo.IsDraining).Select(silo => silo.Name)];

    /// <summary>That silo if its copy counts; else who has the shard, else whoever wants it most of those whose copies count.</summary>
    private static string? Promotable(ClusterView view, int shard, string? silo, string[] able)
    {
        ImmutableArray<string> copies = view.CopiesOf(shard);
        if (copies.IsEmpty || (silo is not null && copies.Contains(silo, StringComparer.Ordinal))) return silo;
        string[] may = [.. able.Where(name => copies.Contains(name, StringComparer.Ordinal))];
        string? owner = shard < view.Owners.Length ? view.Owners[shard] : null;
        return owner is not null && may.Contains(owner, StringComparer.Ordinal) ? owner : may.MaxBy(name => Score(HashOf(name), shard));
    }

    private static ImmutableArray<string?> Assign(int shards, IReadOnlyCollection<string> silos, IReadOnlyList<string?> owners, ImmutableArray<ImmutableArray<string>> copies)
    {
        ArgumentNullException.ThrowIfNull(silos);
        ArgumentNullException.ThrowIfNull(owners);
        if (silos.Count == 0) return [.. new string?[shards]];
        SiloShare[] shares = [.. silos.Order(StringComparer.Ordinal).Select(name => new SiloShare(name, HashOf(name)))];
        Dictionary<string, SiloShare> byName = shares.ToDictionary(share => share.Name, StringComparer.Ordinal);
        for (int shard = 0; shard < Math.Min(shards, owners.Count); shard++)
        {
            if (owners[shard] is string owner && byName.TryGetValue(owner, out SiloShare? share)) share.Shards.Add(shard);
        }

        var assigned = new string?[shards];
        GiveRoom(shares, shards);
        foreach (SiloShare share in shares)
        {
            // What it wants least it gives away.
            foreach (int kept in share.Shards.OrderByDescending(shard => Score(share.Hash, shard)).Take(share.Room)) assigned[kept] = share.Name;
            share.Room = Math.Max(0, share.Room - share.Shards.Count);
        }

        for (int shard = 0; shard < shards; shard++)
        {
            if (assigned[shard] is null) assigned[shard] = TakeRoom(shares, shard, shard < copies.Length ? copies[shard] : []);
        }

        return [.. assigned];
    }

    /// <summary>How much a silo wants something: the highest score of all silos wins (rendezvous hashing). Stable for ever.</summary>
    public static ulong Score(string silo, ulong key) => Score(HashOf(silo), (long)key);

    /// <summary>The shards that do not divide evenly go to those who have most already.</summary>
    private static void GiveRoom(SiloShare[] shares, int shards)
    {
        (int each, int more) = Math.DivRem(shards, shares.Length);
        foreach (SiloShare share in shares.OrderByDescending(s => s.Shards.Count).ThenByDescending(s => Score(s.Hash, -1)))
        {
            share.Room = each + (more > 0 ? 1 : 0);
            more--;
        }
    }

    /// <summary>Who has a copy goes before who has none.</summary>
    private static string TakeRoom(SiloShare[] shares, int shard, ImmutableArray<string> copies)
    {
        SiloShare best = shares
            .Where(share => share.Room > 0)
            .OrderByDescending(share => copies.Contains(share.Name, StringComparer.Ordinal))
            .ThenByDescending(share => Score(share.Hash, shard))
            .First();
        best.Room--;
        return best.Name;
    }

    /// <summary>FNV-1a: the same on every machine and in every version, which string.GetHashCode is not.</summary>
    private static ulong HashOf(string name)
    {
        ulong hash = FnvOffset;
        foreach (byte b in Encoding.UTF8.GetBytes(name)) hash = (hash ^ b) * FnvPrime;
        return hash;
    }

    /// <summary>The finaliser of SplitMix64 (Steele, Lea, Flood 2014) over both.</summary>
    private static ulong Score(ulong silo, long key)
    {
        ulong z = silo + ((ulong)key * 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    private sealed class SiloShare(string name, ulong hash)
    {
        public string Name { get; } = name;

        public ulong Hash { get; } = hash;

        public List<int> Shards { get; } = [];

        public int Room { get; set; }
    }
}
