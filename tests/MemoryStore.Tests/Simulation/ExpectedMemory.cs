using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>What a memory must hold, worked out without the store.</summary>
/// <param name="Versions">Oldest first; empty = the memory does not exist.</param>
/// <param name="Snapshots">Their names and versions.</param>
internal sealed record ExpectedMemory(ImmutableList<ExpectedVersion> Versions, ImmutableSortedDictionary<string, long> Snapshots)
{
    public static ExpectedMemory None { get; } = new([], ImmutableSortedDictionary<string, long>.Empty);

    public bool Exists => Versions.Count > 0;

    public ExpectedVersion Head => Versions[^1];

    public ExpectedMemory With(ExpectedVersion version) => this with { Versions = Versions.Add(version) };

    /// <summary>The same, with the head as the store told it.</summary>
    public ExpectedMemory Acknowledged(MemoryVersion head) => this with { Versions = Versions.SetItem(Versions.Count - 1, Head with { Told = head }) };

    /// <summary>How the store differs; null when it does not.</summary>
    public async Task<string?> DifferenceAsync(TestModel model, MemoryCatalog catalog, MemoryKey key)
    {
        MemoryTimeline timeline;
        try
        {
            timeline = await catalog.OpenAsync(key, CancellationToken.None);
        }
        catch (LatentDbException e) when (e.Code == ErrorCode.MemoryNotFound)
        {
            return Exists ? $"{key} does not exist" : null;
        }

        if (!Exists) return $"{key} exists";
        long head = timeline.Summary.Head.Number.Value;
        if (head != Versions.Count) return $"{key} has head {head}, expected {Versions.Count}";
        string snapshots = string.Join(',', timeline.ListSnapshots().Select(s => $"{s.Name}={s.Version}"));
        string expected = string.Join(',', Snapshots.Select(s => $"{s.Key}={s.Value}"));
        if (snapshots != expected) return $"{key} has snapshots {snapshots}, expected {expected}";
        foreach (ExpectedVersion version in Versions.Where(v => v.OperationId is not null))
        {
            if (timeline.FindOperation(version.OperationId!)?.Number != version.Number) return $"{key} has forgotten operation {version.OperationId}";
        }

        foreach (WriteOperation made in timeline.Operations.List(1000, null).Where(o => o.Status == OperationStatus.Succeeded))
        {
            if (timeline.GetVersion(made.Versions[0]!.Value).Cause != VersionCause.Inject) return $"{key} has operation {made.Uid} without its version";
        }

        var read = new HashSet<BlockId>();
        foreach (ExpectedVersion version in Versions)
        {
            if (await version.DifferenceAsync(model, timeline, catalog.Blocks, read) is string difference) return $"{key}: {difference}";
        }

        return null;
    }

    /// <summary>The same, with every version as the store tells it now.</summary>
    public async Task<ExpectedMemory> RememberedAsync(MemoryCatalog catalog, MemoryKey key)
    {
        if (!Exists) return this;
        MemoryTimeline timeline = await catalog.OpenAsync(key, CancellationToken.None);
        return this with { Versions = [.. Versions.Select(v => v with { Told = timeline.GetVersion(v.Number) })] };
    }
}
