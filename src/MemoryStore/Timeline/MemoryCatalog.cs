using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Timeline;

/// <summary>Every memory that the shards of this process own: create, open, list, delete, and the source of all blocks.</summary>
public sealed class MemoryCatalog
{
    private readonly Func<ShardSet> _shards;
    private readonly ConcurrentDictionary<(ShardId, ModelFingerprint), SemaphoreSlim> _genesisGates = new();

    /// <param name="shards">The open shards; throws while the store is not open.</param>
    internal MemoryCatalog(Func<ShardSet> shards)
    {
        _shards = shards;
        Blocks = new CatalogBlocks(shards);
    }

    /// <summary>Reads any committed or staged slice of the local shards.</summary>
    public IBlockSource Blocks { get; }

    /// <summary>
    /// The manifest of a new memory of that model in the shard that <paramref name="key"/> belongs to. The first call stores the model's genesis
    /// block through <paramref name="write"/> and makes it durable; later calls (also after a restart) return the stored one.
    /// </summary>
    public async Task<Manifest> EnsureGenesisAsync(
        MemoryKey key,
        ModelFingerprint fingerprint,
        Func<IBlockSink, CancellationToken, Task<Manifest>> write,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(write);
        Shard shard = _shards().ShardOf(key);
        if (shard.Index.FindGenesis(fingerprint) is null)
        {
            SemaphoreSlim gate = _genesisGates.GetOrAdd((shard.Id, fingerprint), _ => new SemaphoreSlim(1, 1));
            await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (shard.Index.FindGenesis(fingerprint) is null) await WriteGenesisAsync(shard, fingerprint, write, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                gate.Release();
            }
        }

        return await shard.Manifests.ReadGenesisAsync(fingerprint, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Creates a memory whose version 1 is the genesis of <paramref name="fingerprint"/>. Durable when the task ends.</summary>
    /// <param name="key">The new memory's name.</param>
    /// <param name="fingerprint">A model whose genesis was ensured in this shard.</param>
    /// <param name="metadata">JSON object text, or null.</param>
    /// <param name="cancellationToken">Without effect once the frame is enqueued.</param>
    /// <exception cref="LatentDbException">memory_exists; invalid_request when the metadata is too large; store_full, store_unavailable.</exception>
    public async Task<MemoryTimeline> CreateAsync(
        MemoryKey key, ModelFingerprint fingerprint, string? metadata, CancellationToken cancellationToken)
    {
        int metadataBytes = metadata is null ? 0 : Encoding.UTF8.GetByteCount(metadata);
        if (metadataBytes > StoreLimits.MaxMetadataBytes)
        {
            throw new LatentDbException(
                ErrorCode.InvalidRequest, $"The metadata of {key} has {metadataBytes} bytes; at most {StoreLimits.MaxMetadataBytes} are allowed.");
        }

        Shard shard = _shards().ShardOf(key);
        return new MemoryTimeline(shard, await shard.Commit.CreateAsync(key, fingerprint, metadata, cancellationToken).ConfigureAwait(false));
    }

    /// <exception cref="LatentDbException">memory_not_found.</exception>
    public MemoryTimeline Open(MemoryKey key)
    {
        Shard shard = _shards().ShardOf(key);
        MemoryEntry entry = shard.Index.Directory.Find(key) ?? throw new LatentDbException(ErrorCode.MemoryNotFound, $"Memory {key} does not exist.");
        return new MemoryTimeline(shard, entry);
    }

    /// <summary>Up to <paramref name="limit"/> memories of a tenant in ordinal order of id, after <paramref name="after"/> (exclusive).</summary>
    public ImmutableArray<MemorySummary> List(TenantId tenant, int limit, MemoryId? after)
    {
        int bounded = Math.Clamp(limit, 0, StoreLimits.MaxPageItems);
        return
        [
            .. _shards().Shards
                .SelectMany(shard => shard.Index.Directory.List(tenant, bounded, after))
                .OrderBy(entry => entry.Key.Memory.Value, StringComparer.Ordinal)
                .Take(bounded)
                .Select(MemoryTimeline.Summarise),
        ];
    }

    /// <summary>Deletes a memory: a tombstone; it and its versions can no longer be read. Durable when the task ends.</summary>
    /// <exception cref="LatentDbException">memory_not_found.</exception>
    public Task DeleteAsync(MemoryKey key, CancellationToken cancellationToken) => _shards().ShardOf(key).Commit.DeleteAsync(key, cancellationToken);

    private static async Task WriteGenesisAsync(
        Shard shard, ModelFingerprint fingerprint, Func<IBlockSink, CancellationToken, Task<Manifest>> write, CancellationToken cancellationToken)
    {
        long last = 0;
        var transaction = new AppendTransaction(shard, GenesisUid.Of(fingerprint), () => Interlocked.Increment(ref last));
        await using (transaction.ConfigureAwait(false))
        {
            Manifest manifest = await write(transaction, cancellationToken).ConfigureAwait(false);
            if (manifest.Writes != 0) throw new ArgumentException($"A genesis comes before all writes; this one counts {manifest.Writes}.", nameof(write));
            await shard.Commit.WriteGenesisAsync(fingerprint, manifest, transaction.ToBlocks(manifest.Blocks.Select(b => b.Id))).ConfigureAwait(false);
        }
    }

    /// <summary>Asks the shard that knows the slice. A model's genesis stands in every shard that needs it; any copy will do.</summary>
    private sealed class CatalogBlocks(Func<ShardSet> shards) : IBlockSource
    {
        public ValueTask<BlockSlice> ReadAsync(SliceAddress address, CancellationToken cancellationToken)
        {
            ImmutableArray<Shard> all = shards().Shards;
            Shard owner = all.FirstOrDefault(shard => shard.Index.Blocks.Find(address) is not null, all[0]);
            return owner.Blocks.ReadAsync(address, cancellationToken);
        }
    }
}
