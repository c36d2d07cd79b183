using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Timeline;

/// <summary>
/// One memory's line of versions: append, read at any point, snapshot, roll back. Reads may run at any time on any thread; the writing verbs are
/// called by one writer at a time (the memory's grain).
/// </summary>
public sealed class MemoryTimeline
{
    /// <summary>Name, creation and head, as of now.</summary>
    public MemorySummary Summary => throw new NotSupportedException();

    /// <summary>The version that <paramref name="at"/> names, with its manifest.</summary>
    /// <exception cref="Errors.LatentDbException">version_not_found, snapshot_not_found, memory_not_found (deleted meanwhile), data_damaged.</exception>
    public ValueTask<VersionedManifest> ReadAsync(VersionSelector at, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>The version with that number, without its manifest.</summary>
    /// <exception cref="Errors.LatentDbException">version_not_found.</exception>
    public MemoryVersion GetVersion(VersionNumber number) => throw new NotSupportedException();

    /// <summary>Up to <paramref name="limit"/> versions older than <paramref name="before"/> (null = from the head), newest first.</summary>
    public ImmutableArray<MemoryVersion> ListVersions(int limit, VersionNumber? before) => throw new NotSupportedException();

    /// <summary>The version that was committed under this idempotency key, or null.</summary>
    public MemoryVersion? FindOperation(string operationId) => throw new NotSupportedException();

    /// <summary>Begins to stage the blocks of one inject.</summary>
    public AppendTransaction BeginAppend() => throw new NotSupportedException();

    /// <summary>
    /// Commits the staged blocks and a version that applies the draft's deltas to <paramref name="expectedHead"/>. Durable when the task ends.
    /// From the moment that the version frame is enqueued, cancellation no longer has effect.
    /// </summary>
    /// <exception cref="Errors.LatentDbException">version_conflict when the head is another one; store_full, store_unavailable, stale_owner.</exception>
    public Task<MemoryVersion> AppendAsync(
        AppendTransaction transaction, VersionDraft draft, VersionNumber expectedHead, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <summary>Commits a version whose content equals the target's: one frame, whatever the size of the pool. History is kept.</summary>
    /// <exception cref="Errors.LatentDbException">version_not_found, snapshot_not_found, version_conflict, store_full, store_unavailable.</exception>
    public Task<MemoryVersion> RollBackAsync(
        VersionSelector to, VersionNumber expectedHead, string? operationId, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <summary>Gives a version a name: one frame, whatever the size of the pool.</summary>
    /// <exception cref="Errors.LatentDbException">snapshot_exists, version_not_found, snapshot_not_found.</exception>
    public Task<Snapshot> CreateSnapshotAsync(SnapshotName name, VersionSelector at, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <summary>All snapshots, by name.</summary>
    public ImmutableArray<Snapshot> ListSnapshots() => throw new NotSupportedException();

    /// <exception cref="Errors.LatentDbException">snapshot_not_found.</exception>
    public Task DeleteSnapshotAsync(SnapshotName name, CancellationToken cancellationToken) => throw new NotSupportedException();
}
