using System.Collections.Immutable;

namespace LatentDb.MemoryStore.Replication.Mirrors;

/// <summary>
/// Which silos count as copies of a shard, one change at a time: a pure function. Who is in the set may become the owner, and is waited for before
/// anything is acknowledged.
/// </summary>
internal static class CopySetRules
{
    /// <summary>The set as it should be next; the same when nothing is to be changed.</summary>
    /// <param name="now">As it is.</param>
    /// <param name="self">The owner.</param>
    /// <param name="followers">What is known of the others.</param>
    /// <param name="keep">Copies that must be left when one is taken out because it is silent: in quorum mode the set does not shrink below what makes writes safe, they are refused instead.</param>
    /// <param name="copies">Copies that there should be.</param>
    public static ImmutableArray<string> Next(ImmutableArray<string> now, string self, IReadOnlyCollection<FollowerState> followers, int keep, int copies)
    {
        // Nobody has had the shard before.
        if (!now.Contains(self, StringComparer.Ordinal)) return now.IsEmpty ? [self] : now;
        if (followers.FirstOrDefault(f => f.MustLeave && IsIn(now, f)) is FollowerState filled) return now.Remove(filled.Name, StringComparer.Ordinal);
        if (followers.FirstOrDefault(f => f.IsCopy && f.IsWanted && !f.IsSilent && !IsIn(now, f)) is FollowerState come) return [.. now.Add(come.Name).Order(StringComparer.Ordinal)];
        foreach (string name in now.Where(name => name != self))
        {
            FollowerState? known = followers.FirstOrDefault(f => f.Name == name);
            bool isGone = known is null || known.IsSilent;
            if (isGone && now.Length - 1 >= keep) return now.Remove(name, StringComparer.Ordinal);
            bool isSpare = known is { IsWanted: false } && now.Length - 1 >= copies && followers.Where(f => f.IsWanted).All(f => IsIn(now, f));
            if (isSpare) return now.Remove(name, StringComparer.Ordinal);
        }

        return now;
    }

    private static bool IsIn(ImmutableArray<string> set, FollowerState follower) => set.Contains(follower.Name, StringComparer.Ordinal);
}

/// <param name="Name">Which silo.</param>
/// <param name="IsCopy">It has been filled or has followed in this session, and can confirm.</param>
/// <param name="IsSilent">Nothing was heard of it for too long.</param>
/// <param name="IsWanted">It is one of those that should have a copy.</param>
/// <param name="MustLeave">It is about to be filled.</param>
internal sealed record FollowerState(string Name, bool IsCopy, bool IsSilent, bool IsWanted, bool MustLeave);
