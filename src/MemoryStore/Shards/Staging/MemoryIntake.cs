using System.Collections.Immutable;
using System.Security.Cryptography;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Shards.Staging;

/// <summary>
/// A whole memory on its way into a shard, for forks and imports: blocks and contents are staged, named by nobody, and one record makes it visible.
/// Disposed without a commit, its key is destroyed and what was staged is garbage.
/// </summary>
internal sealed class MemoryIntake : IBlockSink, IAsyncDisposable
{
    private readonly Shard _shard;
    private readonly BlockStaging _staging;
    private long _lastBlock;
    private bool _isCommitted;

    private MemoryIntake(Shard shard, MemoryKey key, MemoryUid uid)
    {
        _shard = shard;
        Key = key;
        Uid = uid;
        _staging = new BlockStaging(shard, uid, () => Interlocked.Increment(ref _lastBlock));
    }

    public MemoryKey Key { get; }

    public MemoryUid Uid { get; }

    /// <exception cref="LatentDbException">memory_exists, key_unavailable, store_full, store_unavailable.</exception>
    public static async Task<MemoryIntake> BeginAsync(Shard shard, MemoryKey key, CancellationToken cancellationToken)
    {
        RequireFree(shard, key);
        MemoryUid uid = NewUid();
        using DataKey dataKey = await shard.Keys.Keyring.AddAsync(uid, key.Tenant, cancellationToken).ConfigureAwait(false);
        return new MemoryIntake(shard, key, uid);
    }

    /// <summary>128 random bits.</summary>
    public static MemoryUid NewUid() => new(BitConverter.ToUInt128(RandomNumberGenerator.GetBytes(16)));

    /// <inheritdoc/>
    public BlockId NextBlock() => _staging.NextBlock();

    /// <inheritdoc/>
    public ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken) => _staging.StageAsync(slice, cancellationToken);

    /// <summary>The staged blocks, for the state.</summary>
    public ImmutableArray<StoredBlock> ToBlocks(IEnumerable<BlockId> named) => _staging.ToBlocks(named);

    /// <summary>What a memory that is added at once remembers of the key that it is added under.</summary>
    public static ImmutableArray<KeyedWrite> KeysOf(WriteOrigin origin, WriteVerb verb) =>
        origin.OperationId is string key ? [new KeyedWrite(key, verb, origin.Digest, VersionNumber.First, default)] : [];

    /// <summary>Stages the content of a version; its place belongs into the state.</summary>
    public Task<RecordLocation> StageContentAsync(VersionRecord content, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _shard.Writer.StageContentAsync(Uid, content);
    }

    /// <summary>
    /// Makes the memory visible; durable when the task ends. A version whose time is zero gets the time of this commit, and so does the memory.
    /// </summary>
    /// <exception cref="LatentDbException">memory_exists, store_full, store_unavailable, stale_owner.</exception>
    public async Task<MemoryEntry> CommitAsync(MemoryState state, CancellationToken cancellationToken)
    {
        await _shard.BlockLog.FlushAsync().ConfigureAwait(false);
        using IDisposable gate = await _shard.Commit.EnterAsync(Key, cancellationToken).ConfigureAwait(false);
        return await CommitInTurnAsync(state, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same for a caller who holds the turn of the memory's writes, and has staged no blocks.</summary>
    public async Task<MemoryEntry> CommitInTurnAsync(MemoryState state, CancellationToken cancellationToken)
    {
        if (state.Uid != Uid || state.Key != Key) throw new ArgumentException($"The state is of {state.Key}, the intake of {Key}.", nameof(state));
        RequireFree(_shard, Key);
        if (_shard.Index.FindGenesis(state.Fingerprint) is null)
        {
            throw new LatentDbException(ErrorCode.ModelMismatch, $"Memory {Key} needs model {state.Fingerprint.Short}, which has no genesis in {_shard.Id}.");
        }

        _shard.Observe(state.Versions.Aggregate(default(HybridTimestamp), (max, v) => v.Version.CommittedAt > max ? v.Version.CommittedAt : max));
        _isCommitted = true;
        await _shard.Writer.ChangeAsync(Uid, new MemoryAddedRecord(state)).ConfigureAwait(false);
        return await _shard.Memories.FindAsync(Key, cancellationToken).ConfigureAwait(false)
            ?? throw new LatentDbException(ErrorCode.MemoryNotFound, $"Memory {Key} does not exist.");
    }

    public async ValueTask DisposeAsync()
    {
        _staging.Dispose();

        // From the commit on, the record may be durable whatever the task said; then only an erasure may take the key.
        if (_isCommitted || _shard.Failure is not null) return;
        await _shard.Keys.Keyring.EraseAsync(Uid, CancellationToken.None).ConfigureAwait(false);
    }

    private static void RequireFree(Shard shard, MemoryKey key)
    {
        if (shard.Index.Directory.Find(key) is not null) throw new LatentDbException(ErrorCode.MemoryExists, $"Memory {key} exists already.");
    }
}
