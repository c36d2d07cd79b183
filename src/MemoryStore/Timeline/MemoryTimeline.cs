using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Diff;

namespace LatentDb.MemoryStore.Timeline;

/// <summary>
/// One memory's line of versions: append, read at any point, snapshot, roll back. Reads may run at any time on any thread; the writing verbs are
/// called by one writer at a time (the memory's grain).
/// </summary>
public sealed class MemoryTimeline
{
    private readonly Shard _shard;
    private readonly MemoryEntry _entry;

    internal MemoryTimeline(Shard shard, MemoryEntry entry)
    {
        _shard = shard;
        _entry = entry;
        Operations = new MemoryOperations(shard, entry);
    }

    /// <summary>Writes that were accepted to be made later.</summary>
    public MemoryOperations Operations { get; }

    /// <summary>False when the shard was opened anew since: this object goes on reading, and takes no more writes.</summary>
    public bool IsCurrent => _shard.Failure is null && _shard.Ownership.IsHeld;

    /// <summary>Name, creation and head, as of now.</summary>
    /// <exception cref="LatentDbException">not_owner.</exception>
    public MemorySummary Summary
    {
        get
        {
            MemorySummary summary = Summarise(_entry);
            _shard.Ownership.Require();
            return summary;
        }
    }

    /// <summary>The version that <paramref name="at"/> names, with its manifest.</summary>
    /// <exception cref="LatentDbException">version_not_found, snapshot_not_found, memory_not_found (erased meanwhile), data_damaged.</exception>
    public async ValueTask<VersionedManifest> ReadAsync(VersionSelector at, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(at);
        RequireAlive();
        VersionState version = await VersionResolver.ResolveAsync(_shard, _entry, at).ConfigureAwait(false);
        Manifest manifest = await _shard.Manifests.ReadAsync(_entry, version, cancellationToken).ConfigureAwait(false);
        RequireAlive();
        return new VersionedManifest(version.Version, manifest);
    }

    /// <summary>The version with that number, without its manifest.</summary>
    /// <exception cref="LatentDbException">version_not_found, version_expired, memory_not_found.</exception>
    public MemoryVersion GetVersion(VersionNumber number)
    {
        RequireAlive();
        return VersionResolver.Require(_entry, number).Version;
    }

    /// <summary>Up to <paramref name="limit"/> versions older than <paramref name="before"/> (null = from the head), newest first.</summary>
    public ImmutableArray<MemoryVersion> ListVersions(int limit, VersionNumber? before)
    {
        RequireAlive();
        return _entry.List(Math.Clamp(limit, 0, StoreLimits.MaxPageItems), before);
    }

    /// <summary>The version that was committed under this idempotency key, or null.</summary>
    public MemoryVersion? FindOperation(string operationId)
    {
        ArgumentNullException.ThrowIfNull(operationId);
        RequireAlive();
        return _entry.FindOperation(operationId);
    }

    /// <summary>The write that was made under the origin's idempotency key; null when there was none.</summary>
    /// <exception cref="LatentDbException">idempotency_mismatch when it was another verb or another request.</exception>
    public KeyedWrite? FindWrite(WriteOrigin origin, WriteVerb verb)
    {
        ArgumentNullException.ThrowIfNull(origin);
        RequireAlive();
        KeyedWrite? first = _entry.FindWrite(origin.OperationId);
        first?.Require(verb, origin.Digest);
        return first;
    }

    /// <summary>What became of the memory's rows between two of its versions, in either direction.</summary>
    /// <exception cref="LatentDbException">version_not_found, version_expired, snapshot_not_found, memory_not_found, data_damaged.</exception>
    public async ValueTask<VersionDiff> DiffAsync(VersionSelector from, VersionSelector to, CancellationToken cancellationToken)
    {
        VersionedManifest before = await ReadAsync(from, cancellationToken).ConfigureAwait(false);
        VersionedManifest after = await ReadAsync(to, cancellationToken).ConfigureAwait(false);
        (VersionNumber older, VersionNumber newer) = before.Version.Number < after.Version.Number
            ? (before.Version.Number, after.Version.Number)
            : (after.Version.Number, before.Version.Number);
        int most = (int)Math.Min(int.MaxValue, newer.Value - older.Value);
        ImmutableArray<MemoryVersion> between = [.. _entry.List(most, newer.Next()).Where(v => v.Number > older).Reverse()];
        return VersionDiff.Compare(before, after, between);
    }

    /// <summary>Begins to stage the blocks of one inject.</summary>
    /// <exception cref="LatentDbException">memory_not_found; store_full before anything is computed in vain.</exception>
    public AppendTransaction BeginAppend()
    {
        RequireAlive();
        _shard.Space?.Require(0);
        return new AppendTransaction(_shard, _entry.Uid, _entry.ReserveBlock);
    }

    /// <summary>
    /// Commits the staged blocks and a version that applies the draft's deltas to <paramref name="expectedHead"/>. Durable when the task ends.
    /// From the moment that the version frame is enqueued, cancellation no longer has effect. A draft whose operation id was committed before
    /// changes nothing and returns that version.
    /// </summary>
    /// <exception cref="LatentDbException">
    /// version_conflict when the head is another one; model_mismatch; invalid_request for an operation id that is too long; memory_not_found;
    /// store_full, store_unavailable, stale_owner.
    /// </exception>
    public Task<MemoryVersion> AppendAsync(
        AppendTransaction transaction, VersionDraft draft, VersionNumber expectedHead, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(draft);
        if (draft.Deltas.IsDefaultOrEmpty) throw new ArgumentException("A draft needs at least one delta.", nameof(draft));
        WriteRules.Check(_entry.Key, draft);
        ImmutableArray<StoredBlock> blocks = transaction.ToBlocks(draft.Deltas.Select(d => d.Block));
        return _shard.Commit.AppendAsync(_entry, draft, blocks, expectedHead, cancellationToken);
    }

    /// <summary>
    /// Commits a version whose content equals the target's: one frame, whatever the size of the pool. History is kept. An operation id that was
    /// committed before changes nothing and returns that version.
    /// </summary>
    /// <exception cref="LatentDbException">version_not_found, version_expired, snapshot_not_found, version_conflict, store_full, store_unavailable.</exception>
    public async Task<MemoryVersion> RollBackAsync(
        VersionSelector to, VersionNumber expectedHead, WriteOrigin origin, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(origin);
        WriteRules.Check(origin);
        RequireAlive();

        // Before the target is looked for: it may have been dropped since the first call under this key.
        if (FindWrite(origin, WriteVerb.Rollback) is KeyedWrite first) return GetVersion(first.Version);
        VersionState target = await VersionResolver.ResolveAsync(_shard, _entry, to).ConfigureAwait(false);
        return await _shard.Commit.RollBackAsync(_entry, target.Version.Number, expectedHead, origin, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The text that was injected by a version; null when it was not an inject or its text was not kept.</summary>
    /// <exception cref="LatentDbException">version_not_found, version_expired, memory_not_found, data_damaged.</exception>
    public async Task<string?> ReadTextAsync(VersionNumber number, CancellationToken cancellationToken)
    {
        VersionState version = await VersionResolver.ResolveAsync(_shard, _entry, new VersionSelector.NumberSelector(number)).ConfigureAwait(false);
        RequireAlive();
        if (!version.Version.HasText) return null;
        return (await _shard.Manifests.ReadContentAsync(_entry, version, cancellationToken).ConfigureAwait(false))?.Text;
    }

    /// <summary>Gives a version a name: one frame, whatever the size of the pool.</summary>
    /// <exception cref="LatentDbException">snapshot_exists, version_not_found, snapshot_not_found.</exception>
    public Task<Snapshot> CreateSnapshotAsync(SnapshotName name, VersionSelector at, CancellationToken cancellationToken) =>
        CreateSnapshotAsync(name, at, WriteOrigin.None, cancellationToken);

    /// <summary>The same under an idempotency key: a second one changes nothing and gets the first one's snapshot, even if it is gone.</summary>
    /// <exception cref="LatentDbException">idempotency_mismatch; snapshot_exists, version_not_found, snapshot_not_found.</exception>
    public async Task<Snapshot> CreateSnapshotAsync(SnapshotName name, VersionSelector at, WriteOrigin origin, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(at);
        ArgumentNullException.ThrowIfNull(origin);
        WriteRules.Check(origin);
        if (FindWrite(origin, WriteVerb.CreateSnapshot) is KeyedWrite first) return new Snapshot(name, first.Version, first.At);
        VersionState version = await VersionResolver.ResolveAsync(_shard, _entry, at).ConfigureAwait(false);
        return await _shard.Commit.CreateSnapshotAsync(_entry, name, version.Version.Number, origin, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>All snapshots, by name.</summary>
    public ImmutableArray<Snapshot> ListSnapshots()
    {
        RequireAlive();
        return _entry.Snapshots();
    }

    /// <exception cref="LatentDbException">snapshot_not_found.</exception>
    public Task DeleteSnapshotAsync(SnapshotName name, CancellationToken cancellationToken) => DeleteSnapshotAsync(name, WriteOrigin.None, cancellationToken);

    /// <summary>The same under an idempotency key: a second one changes nothing.</summary>
    /// <exception cref="LatentDbException">idempotency_mismatch; snapshot_not_found.</exception>
    public Task DeleteSnapshotAsync(SnapshotName name, WriteOrigin origin, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(origin);
        WriteRules.Check(origin);
        return _shard.Commit.DeleteSnapshotAsync(_entry, name, origin, cancellationToken);
    }

    internal static MemorySummary Summarise(MemoryEntry entry) =>
        new(entry.Key, entry.Uid, entry.CreatedAt, entry.Head.Version, entry.Metadata, entry.OwnedBytes) { Bytes = entry.Bytes, Versions = entry.VersionCount };

    private void RequireAlive()
    {
        _shard.Ownership.Require();
        if (_entry.IsErased) throw new LatentDbException(ErrorCode.MemoryNotFound, $"Memory {_entry.Key} does not exist.");
    }
}
