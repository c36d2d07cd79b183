using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Index;

/// <summary>What a record means for the entry of its memory alone.</summary>
internal static class RecordEffects
{
    public static void Add(MemoryEntry entry, in FrameHeader header, SnapshotCreatedRecord record)
    {
        entry.Add(new Snapshot(record.Name, record.Version, header.Time));
        entry.Remember(record.Under, WriteVerb.CreateSnapshot, record.Version, header.Time);
    }

    public static void Remove(MemoryEntry entry, in FrameHeader header, SnapshotDeletedRecord record)
    {
        entry.RemoveSnapshot(record.Name);
        entry.Remember(record.Under, WriteVerb.DeleteSnapshot, entry.Head.Version.Number, header.Time);
    }

    public static VersionState ContentOf(MemoryEntry entry, MemoryVersion version, VersionRecord record, RecordLocation location)
    {
        if (record.SameAs is VersionNumber target)
        {
            VersionState source = entry.Find(target) ?? throw IndexDamage.Of($"version {version.Number} of {entry.Key} repeats version {target}, which is not there");
            if (source.Content == ContentKind.SameAs) throw IndexDamage.Of($"version {version.Number} of {entry.Key} repeats a repetition");
            return new VersionState(version, ContentKind.SameAs, target, null, source.Depth);
        }

        if (record.Image is not null) return new VersionState(version, ContentKind.Image, null, location, 0);
        return new VersionState(version, ContentKind.Deltas, null, location, entry.Head.Depth + record.Deltas.Length);
    }

    /// <summary>A fork learns its time only from the record that makes it; an import brings its own times.</summary>
    public static MemoryState Stamped(MemoryState state, HybridTimestamp time)
    {
        if (state.CreatedAt != default) return state;
        return state with
        {
            CreatedAt = time,
            Versions = [.. state.Versions.Select(v => v.Version.CommittedAt != default ? v : v with { Version = v.Version with { CommittedAt = time } })],
        };
    }
}
