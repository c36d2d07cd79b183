using LatentDb.MemoryStore.Versions;

namespace LatentDb.Silo.Api.Snapshots;

/// <summary>A snapshot as the API shows it.</summary>
internal sealed record SnapshotBody(string Name, long Version, string CreatedAt)
{
    public static SnapshotBody Of(Snapshot snapshot) => new(snapshot.Name.Value, snapshot.Version.Value, snapshot.CreatedAt.ToString());
}

/// <summary>All snapshots of a memory, by name.</summary>
internal sealed record SnapshotListBody(SnapshotBody[] Items);
