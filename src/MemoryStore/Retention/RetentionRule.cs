using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Retention;

/// <summary>Which versions of a memory retention drops. Pure.</summary>
internal static class RetentionRule
{
    /// <returns>Numbers of the versions that no rule, snapshot or head keeps.</returns>
    public static IReadOnlySet<VersionNumber> Expired(MemoryState memory, RetentionPolicy policy, HybridTimestamp now)
    {
        var expired = new HashSet<VersionNumber>();
        if (policy.IsForever) return expired;
        var pinned = memory.Snapshots.Select(s => s.Version).ToHashSet();
        long oldestKept = policy.Versions is int count ? memory.Versions[^1].Version.Number.Value - count : long.MaxValue;
        long oldestSeen = policy.Window is TimeSpan window ? now.UtcTicks - window.Ticks : long.MaxValue;
        for (int i = 0; i < memory.Versions.Length - 1; i++)
        {
            VersionNumber number = memory.Versions[i].Version.Number;
            bool isCounted = number.Value > oldestKept;
            bool isInWindow = SupersededAt(memory, i).UtcTicks > oldestSeen;
            if (!isCounted && !isInWindow && !pinned.Contains(number)) expired.Add(number);
        }

        return expired;
    }

    /// <summary>Every gap that the memory has when those versions go as well; neighbours become one.</summary>
    public static ImmutableArray<VersionGap> Gaps(MemoryState memory, IReadOnlySet<VersionNumber> dropped)
    {
        IEnumerable<VersionGap> all = memory.Gaps
            .Concat(memory.Versions.Where(v => dropped.Contains(v.Version.Number)).Select(v => new VersionGap(v.Version.Number, v.Version.Number, v.Version.CommittedAt)))
            .OrderBy(g => g.First.Value);
        var gaps = ImmutableArray.CreateBuilder<VersionGap>();
        foreach (VersionGap gap in all)
        {
            if (gaps.Count > 0 && gaps[^1].Last.Next() == gap.First) gaps[^1] = gaps[^1] with { Last = gap.Last };
            else gaps.Add(gap);
        }

        return gaps.ToImmutable();
    }

    /// <summary>Kept versions whose content is told by one that goes: they need an image of their own.</summary>
    public static ImmutableArray<VersionState> Uprooted(MemoryState memory, IReadOnlySet<VersionNumber> dropped) =>
    [
        .. memory.Versions.Where(v => !dropped.Contains(v.Version.Number) && v.Content switch
        {
            ContentKind.SameAs => dropped.Contains(v.SameAs!.Value),
            ContentKind.Deltas => dropped.Contains(v.Version.Parent!.Value),
            _ => false,
        }),
    ];

    /// <summary>When a version ceased to be the head.</summary>
    private static HybridTimestamp SupersededAt(MemoryState memory, int index)
    {
        VersionNumber next = memory.Versions[index].Version.Number.Next();
        foreach (VersionGap gap in memory.Gaps)
        {
            if (gap.First == next) return gap.From;
        }

        return memory.Versions[index + 1].Version.CommittedAt;
    }
}
