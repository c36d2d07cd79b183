using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Memories;

/// <summary>
/// The injects whose text a version contains: from the version back to its parent, or, at a rollback, to the version that it restored. Pure.
/// </summary>
internal static class ContentLine
{
    /// <summary>Injects of the line of <paramref name="to"/> that the line of <paramref name="from"/> lacks, oldest first.</summary>
    /// <param name="known">Every version that is still kept, by number.</param>
    /// <param name="to">The version whose injects are wanted.</param>
    /// <param name="from">The version whose injects are not.</param>
    public static ImmutableArray<MemoryVersion> Added(IReadOnlyDictionary<VersionNumber, MemoryVersion> known, VersionNumber to, VersionNumber from)
    {
        // The two lines run down side by side, always the later one a step: where they meet, everything below is common.
        List<MemoryVersion> added = [];
        VersionNumber? wanted = to;
        VersionNumber? other = from;
        while (wanted is { } here && wanted != other)
        {
            if (other is { } there && there > here)
            {
                other = Below(known, there);
                continue;
            }

            if (known.TryGetValue(here, out MemoryVersion? version) && version.Cause == VersionCause.Inject) added.Add(version);
            wanted = Below(known, here);
        }

        added.Reverse();
        return [.. added];
    }

    /// <summary>The version whose content this one is made of; null at the line's begin, or where retention has taken the way.</summary>
    private static VersionNumber? Below(IReadOnlyDictionary<VersionNumber, MemoryVersion> known, VersionNumber number)
    {
        if (!known.TryGetValue(number, out MemoryVersion? version)) return null;
        return version.RestoredFrom ?? version.Parent;
    }
}
