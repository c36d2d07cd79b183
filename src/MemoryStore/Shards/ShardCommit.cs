using System.Collections.Immutable;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Staging;
using LatentDb.MemoryStore.Telemetry;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Shards;

/// <summary>
/// Every change of a shard that a caller asks for, and the order of its writes.
/// <code>
/// inject, step                                           if the power goes right after it, the next opening shows
/// 1 slice frames enqueued in the block log               the old head; whatever of the slices reached the disk is named by nobody
/// 2 block log: data written and synced                   the old head; the slices are on disk, named by nobody
/// 3 block log: commit record written and synced          the old head; the same
/// 4 version frame enqueued in the manifest log           the old head
/// 5 manifest log: data written and synced                the old head; the frame lies past the committed end and is not read
/// 6 manifest log: commit record written (two copies)     the old head or the new version, whole; the caller was told neither
///   ... torn while being written                         the other slot names the old end; the frames after it verify, so: the new version
/// 7 commit record synced                                 the new version
/// 8 fence: all copies that count have it (where there are
///   copies), the newest state of the shard is still ours the new version; if not, the caller is told so and asks again
/// 9 index updated, caller acknowledged                   the new version
/// </code>
/// A rollback or snapshot is steps 4 to 9: one record. A create first makes the memory's key durable; a key without a memory is dropped by the next
/// opening. An erase is steps 4 to 9, then the key is overwritten in both key files and synced, then the caller is told; if the power goes in
/// between, the memory is gone and the next opening drops its key before it serves. A record of several frames counts only when its last one is
/// there. A failure in 1 to 8 ends the epoch: nothing is written after it, and whoever waited is told that the outcome is unknown until the shard is
/// opened again; the operation id tells it then. Memory writes of one memory run one at a time; those of different memories share commits.
/// </summary>
internal sealed class ShardCommit(Shard shard, ShardSettings settings)
{
    private readonly WriteGates _gates = new();

    /// <summary>The turn of a memory's writes.</summary>
    /// <exception cref="LatentDbException">not_owner: the shard is another silo's, or about to be; not_enough_copies; nothing was done.</exception>
    public async ValueTask<IDisposable> EnterAsync(MemoryKey key, CancellationToken cancellationToken)
    {
        IDisposable turn = await _gates.EnterAsync(key, cancellationToken).ConfigureAwait(false);
        try
        {
            shard.Ownership.RequireWritable();
            return turn;
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    /// <summary>Returns when every write that had its turn is done; for a shard that is given up, so that no other one begins.</summary>
    public Task DrainAsync() => _gates.DrainAsync();

    /// <exception cref="LatentDbException">memory_exists, key_unavailable, store_full, store_unavailable, stale_owner.</exception>
    public async Task<MemoryEntry> CreateAsync(MemoryKey key, ModelFingerprint fingerprint, string? metadata, WriteOrigin origin, CancellationToken cancellationToken)
    {
        using IDisposable gate = await EnterAsync(key, cancellationToken).ConfigureAwait(false);
        if (shard.Index.Directory.Find(key) is not null) throw new LatentDbException(ErrorCode.MemoryExists, $"Memory {key} exists already.");
        if (shard.Index.FindGenesis(fingerprint) is null) throw new LatentDbException(ErrorCode.Internal, $"Model {fingerprint.Short} has no genesis in {shard.Id}.");
        MemoryUid uid = MemoryIntake.NewUid();
        using (await shard.Keys.Keyring.AddAsync(uid, key.Tenant, cancellationToken).ConfigureAwait(false))
        {
            var record = new MemoryCreatedRecord(key, fingerprint, metadata, origin.Author) { Under = WriteKey.Of(origin) };
            await shard.Writer.ChangeAsync(uid, record).ConfigureAwait(false);
        }

        return await shard.Memories.FindAsync(key, CancellationToken.None).ConfigureAwait(false) ?? throw NotFound(key);
    }

    /// <summary>Ends a memory: nothing that was stored under its keys can be read afterwards, wherever copies of the files are.</summary>
    /// <returns>True when it was done before under the same key, and nothing was done now.</returns>
    /// <exception cref="LatentDbException">memory_not_found, store_full, store_unavailable, stale_owner.</exception>
    public async Task<bool> EraseAsync(MemoryKey key, WriteOrigin origin, CancellationToken cancellationToken)
    {
        using IDisposable gate = await EnterAsync(key, cancellationToken).ConfigureAwait(false);
        if (WasErased(key, origin)) return true;
        RequestDigest? under = ErasureUnder(key, origin);
        MemoryRef memory = shard.Index.Directory.Find(key) ?? throw NotFound(key);
        await shard.PlacesGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await EraseAsync(memory, await LoadForEraseAsync(memory, cancellationToken).ConfigureAwait(false), under, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            shard.PlacesGate.Release();
        }

        settings.Manifests.Remove(memory.Uid);
        return false;
    }

    /// <summary>True when the memory was erased under the origin's key.</summary>
    public bool WasErased(MemoryKey key, WriteOrigin origin) => ErasureUnder(key, origin) is RequestDigest under && shard.Index.Erasures.Contains(under);

    /// <summary>What a shard remembers of an erasure under a key: nobody can tell the name of the memory from it who does not know it.</summary>
    private static RequestDigest? ErasureUnder(MemoryKey key, WriteOrigin origin) =>
        origin.OperationId is string operation ? RequestDigest.Of("erase", key.Tenant.Value, key.Memory.Value, operation) : null;

    private async Task EraseAsync(MemoryRef memory, MemoryEntry? entry, RequestDigest? under, CancellationToken cancellationToken)
    {
        MemoryErasedRecord record = await DescribeAsync(memory, cancellationToken).ConfigureAwait(false) with { Under = under };
        DataKey? dataKey = shard.Keys.Keyring.Find(memory.Uid);
        try
        {
            await shard.Writer.ChangeAsync(memory.Uid, record).ConfigureAwait(false);
            await shard.Keys.Keyring.EraseAsync(memory.Uid, CancellationToken.None).ConfigureAwait(false);

            // The key that was overwritten is that of this epoch; a later one would have its own copy.
            await shard.Fence.CheckAsync().ConfigureAwait(false);
        }
        finally
        {
            if (dataKey is not null) shard.Epochs.Forget(dataKey);
            dataKey?.Dispose();
            GC.KeepAlive(entry);
        }
    }

    /// <summary>What a replay that cannot read the memory any more has to know of it.</summary>
    private async ValueTask<MemoryErasedRecord> DescribeAsync(MemoryRef memory, CancellationToken cancellationToken)
    {
        if (memory.State is not RecordLocation at) return new MemoryErasedRecord(null, []);
        try
        {
            return new MemoryErasedRecord(at, shard.Index.Usage.Of(await shard.Memories.ReadStateAsync(memory, at, cancellationToken).ConfigureAwait(false)));
        }
        catch (LatentDbException e) when (e.Code == ErrorCode.DataDamaged)
        {
            // Then nobody knows, and whoever replays this counts anew.
            return new MemoryErasedRecord(null, []);
        }
    }

    /// <summary>Stores a model's genesis. The caller sees to it that this happens once at a time for a model.</summary>
    public async Task WriteGenesisAsync(ModelFingerprint fingerprint, Manifest manifest, ImmutableArray<StoredBlock> blocks)
    {
        await shard.BlockLog.FlushAsync().ConfigureAwait(false);
        await shard.Writer.ChangeAsync(GenesisUid.Of(fingerprint), new GenesisRecord(fingerprint, manifest.Check(), blocks)).ConfigureAwait(false);
    }

    /// <summary>Commits staged blocks with the version that names them. The answer to an operation id that was seen before is the first one.</summary>
    public async Task<MemoryVersion> AppendAsync(
        MemoryEntry entry, VersionDraft draft, ImmutableArray<StoredBlock> blocks, VersionNumber expectedHead, CancellationToken cancellationToken)
    {
        using IDisposable gate = await EnterAsync(entry.Key, cancellationToken).ConfigureAwait(false);
        if (Repeated(entry, new WriteOrigin(draft.OperationId, null) { Digest = draft.Digest }, WriteVerb.Inject) is MemoryVersion first) return first;
        OperationCommit.RequirePending(entry, draft.Step);
        VersionState head = RequireHead(entry, expectedHead);
        if (draft.Fingerprint != head.Version.Fingerprint)
        {
            throw new LatentDbException(
                ErrorCode.ModelMismatch, $"Memory {entry.Key} needs model {head.Version.Fingerprint.Short}, the draft is of {draft.Fingerprint.Short}.");
        }

        Manifest manifest = await shard.Manifests.ReadAsync(entry, head, cancellationToken).ConfigureAwait(false);
        foreach (ManifestDelta delta in draft.Deltas) manifest = delta.Apply(manifest);
        using (StoreMetrics.Source.StartActivity("store.flush")) await shard.BlockLog.FlushAsync().ConfigureAwait(false);
        var version = new MemoryVersion(
            head.Version.Number.Next(),
            head.Version.Number,
            VersionCause.Inject,
            null,
            default,
            draft.Fingerprint,
            draft.Seed,
            draft.Tokens,
            draft.Deltas.Length,
            manifest.Writes,
            blocks.Sum(b => b.Bytes),
            draft.OperationId)
        {
            Author = draft.Author,
            Metadata = draft.Metadata,
            HasText = draft.Text is not null,
        };
        bool isImage = head.Depth + draft.Deltas.Length >= settings.WritesBetweenImages;
        var record = new VersionRecord(version, isImage ? [] : draft.Deltas, isImage ? manifest : null, null, blocks, draft.Text) { Digest = draft.Digest, Step = draft.Step };
        VersionState committed = await WriteVersionAsync(entry, record).ConfigureAwait(false);
        shard.Manifests.Remember(entry, committed, manifest);
        return committed.Version;
    }

    /// <summary>Commits a version with the content of <paramref name="target"/>: one small record, whatever that content is.</summary>
    public async Task<MemoryVersion> RollBackAsync(
        MemoryEntry entry, VersionNumber target, VersionNumber expectedHead, WriteOrigin origin, CancellationToken cancellationToken)
    {
        using IDisposable gate = await EnterAsync(entry.Key, cancellationToken).ConfigureAwait(false);
        if (Repeated(entry, origin, WriteVerb.Rollback) is MemoryVersion first) return first;
        VersionState head = RequireHead(entry, expectedHead);
        VersionState source = entry.Find(target) ?? throw Expired(entry, target);
        MemoryVersion version = source.Version with
        {
            Number = head.Version.Number.Next(),
            Parent = head.Version.Number,
            Cause = VersionCause.Rollback,
            RestoredFrom = target,
            Seed = 0,
            Tokens = 0,
            Chunks = 0,
            BlockBytes = 0,
            OperationId = origin.OperationId,
            Author = origin.Author,
            Metadata = null,
            ForkedFrom = null,
            HasText = false,
        };
        var record = new VersionRecord(version, [], null, source.SameAs ?? target, [], null) { Digest = origin.Digest };
        return (await WriteVersionAsync(entry, record).ConfigureAwait(false)).Version;
    }

    /// <exception cref="LatentDbException">snapshot_exists, version_expired.</exception>
    public async Task<Snapshot> CreateSnapshotAsync(
        MemoryEntry entry, SnapshotName name, VersionNumber version, WriteOrigin origin, CancellationToken cancellationToken)
    {
        using IDisposable gate = await EnterAsync(entry.Key, cancellationToken).ConfigureAwait(false);
        RequireAlive(entry);
        if (First(entry, origin, WriteVerb.CreateSnapshot) is KeyedWrite first) return new Snapshot(name, first.Version, first.At);
        if (entry.FindSnapshot(name) is not null) throw new LatentDbException(ErrorCode.SnapshotExists, $"Memory {entry.Key} has a snapshot {name} already.");
        if (entry.Find(version) is null) throw Expired(entry, version);
        await shard.Writer.ChangeAsync(entry.Uid, new SnapshotCreatedRecord(name, version) { Under = WriteKey.Of(origin) }).ConfigureAwait(false);
        return entry.FindSnapshot(name)!;
    }

    /// <exception cref="LatentDbException">snapshot_not_found.</exception>
    public async Task DeleteSnapshotAsync(MemoryEntry entry, SnapshotName name, WriteOrigin origin, CancellationToken cancellationToken)
    {
        using IDisposable gate = await EnterAsync(entry.Key, cancellationToken).ConfigureAwait(false);
        RequireAlive(entry);
        if (First(entry, origin, WriteVerb.DeleteSnapshot) is not null) return;
        if (entry.FindSnapshot(name) is null) throw new LatentDbException(ErrorCode.SnapshotNotFound, $"Memory {entry.Key} has no snapshot {name}.");
        await shard.Writer.ChangeAsync(entry.Uid, new SnapshotDeletedRecord(name) { Under = WriteKey.Of(origin) }).ConfigureAwait(false);
        GC.KeepAlive(entry);
    }

    /// <summary>A memory whose state is damaged can be erased all the same; then only the count of live bytes stays too high.</summary>
    private async ValueTask<MemoryEntry?> LoadForEraseAsync(MemoryRef memory, CancellationToken cancellationToken)
    {
        try
        {
            return await shard.Memories.FindAsync(memory, cancellationToken).ConfigureAwait(false);
        }
        catch (LatentDbException e) when (e.Code == ErrorCode.DataDamaged)
        {
            return null;
        }
    }

    private async Task<VersionState> WriteVersionAsync(MemoryEntry entry, VersionRecord record)
    {
        await shard.Writer.ChangeAsync(entry.Uid, record).ConfigureAwait(false);
        return entry.Find(record.Version.Number)!;
    }

    /// <summary>The version that the first write under this key made.</summary>
    /// <exception cref="LatentDbException">idempotency_mismatch; version_expired when retention has dropped it: the write was made, but its answer is gone.</exception>
    private static MemoryVersion? Repeated(MemoryEntry entry, WriteOrigin origin, WriteVerb verb)
    {
        if (entry.IsErased || First(entry, origin, verb) is not KeyedWrite first) return null;
        return entry.Find(first.Version)?.Version ?? throw Expired(entry, first.Version);
    }

    private static KeyedWrite? First(MemoryEntry entry, WriteOrigin origin, WriteVerb verb)
    {
        KeyedWrite? first = entry.FindWrite(origin.OperationId);
        first?.Require(verb, origin.Digest);
        return first;
    }

    private static VersionState RequireHead(MemoryEntry entry, VersionNumber expected)
    {
        RequireAlive(entry);
        VersionState head = entry.Head;
        if (head.Version.Number == expected) return head;
        throw new LatentDbException(ErrorCode.VersionConflict, $"The head of {entry.Key} is version {head.Version.Number}, not {expected}.");
    }

    private static void RequireAlive(MemoryEntry entry)
    {
        if (entry.IsErased) throw NotFound(entry.Key);
    }

    private static LatentDbException NotFound(MemoryKey key) => new(ErrorCode.MemoryNotFound, $"Memory {key} does not exist.");

    private static LatentDbException Expired(MemoryEntry entry, VersionNumber version) =>
        new(ErrorCode.VersionExpired, $"Version {version} of {entry.Key} was dropped by retention.");
}
