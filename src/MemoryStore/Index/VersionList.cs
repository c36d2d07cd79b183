using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Index;

/// <summary>The kept versions of one memory in ascending order, and the gaps between them. Not thread-safe.</summary>
internal sealed class VersionList
{
    private readonly MemoryKey _key;
    private readonly List<VersionState> _versions;

    public VersionList(MemoryKey key, ImmutableArray<VersionState> versions, ImmutableArray<VersionGap> gaps)
    {
        _key = key;
        _versions = [.. versions];
        Gaps = gaps;
    }

    public int Count => _versions.Count;

    public VersionState Head => _versions[^1];

    /// <summary>Versions that retention has dropped, ascending.</summary>
    public ImmutableArray<VersionGap> Gaps { get; private set; }

    public ImmutableArray<VersionState> ToArray() => [.. _versions];

    public VersionState? Find(VersionNumber number)
    {
        int index = IndexOf(number);
        return index >= 0 ? _versions[index] : null;
    }

    public bool IsDropped(VersionNumber number) => Gaps.Any(g => number >= g.First && number <= g.Last);

    public VersionAtTime FindAt(HybridTimestamp time)
    {
        int low = 0;
        int high = _versions.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_versions[middle].Version.CommittedAt <= time) low = middle + 1;
            else high = middle;
        }

        VersionState? found = low == 0 ? null : _versions[low - 1];
        bool isDropped = Gaps.Any(g => g.From <= time && (found is null || g.First > found.Version.Number));
        return new VersionAtTime(isDropped ? null : found, isDropped);
    }

    public ImmutableArray<MemoryVersion> List(int limit, VersionNumber? before)
    {
        int end = _versions.Count;
        if (before is VersionNumber b)
        {
            int index = IndexOf(b);
            end = index >= 0 ? index : ~index;
        }

        int start = Math.Max(0, end - limit);
        var versions = ImmutableArray.CreateBuilder<MemoryVersion>(end - start);
        for (int i = end - 1; i >= start; i--) versions.Add(_versions[i].Version);
        return versions.MoveToImmutable();
    }

    public void Add(VersionState version)
    {
        MemoryVersion head = Head.Version;
        if (version.Version.Number != head.Number.Next()) throw IndexDamage.Of($"version {version.Version.Number} of {_key} follows version {head.Number}");
        if (version.Version.CommittedAt <= head.CommittedAt) throw IndexDamage.Of($"version {version.Version.Number} of {_key} is not later than the one before");
        _versions.Add(version);
    }

    /// <returns>The versions that went, and those whose content was replaced, as they were.</returns>
    public ImmutableArray<VersionState> Drop(ImmutableArray<VersionGap> gaps, ImmutableArray<VersionPlace> images)
    {
        var gone = ImmutableArray.CreateBuilder<VersionState>();
        foreach (VersionPlace image in images)
        {
            int index = IndexOf(image.Version);
            if (index < 0) throw IndexDamage.Of($"version {image.Version} of {_key} gets an image, but is not there");
            gone.Add(_versions[index]);
            _versions[index] = _versions[index] with { Content = ContentKind.Image, SameAs = null, Location = image.Location, Depth = 0 };
        }

        Gaps = gaps;
        gone.AddRange(_versions.Where(v => IsDropped(v.Version.Number)));
        _versions.RemoveAll(v => IsDropped(v.Version.Number));
        if (_versions.Count == 0) throw IndexDamage.Of($"all versions of {_key} were dropped");
        return gone.ToImmutable();
    }

    /// <returns>Where the version's record stood; null when the version is gone.</returns>
    public RecordLocation? Relocate(VersionPlace place)
    {
        int index = IndexOf(place.Version);
        if (index < 0 || _versions[index].Location is not RecordLocation from) return null;
        _versions[index] = _versions[index] with { Location = place.Location };
        return from;
    }

    /// <summary>The place of a version, or the complement of where it would stand.</summary>
    private int IndexOf(VersionNumber number)
    {
        // Without gaps before it, the number is the place; otherwise it stands further left.
        int low = 0;
        int high = (int)Math.Min(_versions.Count, Math.Max(0, number.Value));
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_versions[middle].Version.Number < number) low = middle + 1;
            else high = middle;
        }

        return low < _versions.Count && _versions[low].Version.Number == number ? low : ~low;
    }
}

/// <summary>The answer to "which version at that time".</summary>
/// <param name="Version">The version that was head; null when there was none or it was dropped.</param>
/// <param name="IsDropped">True when there was one, and retention has dropped it.</param>
internal readonly record struct VersionAtTime(VersionState? Version, bool IsDropped);
