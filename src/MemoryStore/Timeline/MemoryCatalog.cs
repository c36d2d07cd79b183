using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Timeline;

/// <summary>Every memory that the shards of this process own: create, open, list, delete, and the source of all blocks.</summary>
public sealed class MemoryCatalog
{
    /// <summary>Reads any committed or staged slice of the local shards.</summary>
    public IBlockSource Blocks => throw new NotSupportedException();

    /// <summary>
    /// The manifest of a new memory of that model in the shard that <paramref name="key"/> belongs to. The first call stores the model's genesis
    /// block through <paramref name="write"/> and makes it durable; later calls (also after a restart) return the stored one.
    /// </summary>
    public Task<Manifest> EnsureGenesisAsync(
        MemoryKey key,
        ModelFingerprint fingerprint,
        Func<IBlockSink, CancellationToken, Task<Manifest>> write,
        CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Creates a memory whose version 1 is the genesis of <paramref name="fingerprint"/>. Durable when the task ends.</summary>
    /// <param name="key">The new memory's name.</param>
    /// <param name="fingerprint">A model whose genesis was ensured in this shard.</param>
    /// <param name="metadata">JSON object text, or null.</param>
    /// <param name="cancellationToken">Without effect once the frame is enqueued.</param>
    /// <exception cref="Errors.LatentDbException">memory_exists; store_full, store_unavailable.</exception>
    public Task<MemoryTimeline> CreateAsync(
        MemoryKey key, ModelFingerprint fingerprint, string? metadata, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <exception cref="Errors.LatentDbException">memory_not_found.</exception>
    public MemoryTimeline Open(MemoryKey key) => throw new NotSupportedException();

    /// <summary>Up to <paramref name="limit"/> memories of a tenant in ordinal order of id, after <paramref name="after"/> (exclusive).</summary>
    public ImmutableArray<MemorySummary> List(TenantId tenant, int limit, MemoryId? after) => throw new NotSupportedException();

    /// <summary>Deletes a memory: a tombstone; it and its versions can no longer be read. Durable when the task ends.</summary>
    /// <exception cref="Errors.LatentDbException">memory_not_found.</exception>
    public Task DeleteAsync(MemoryKey key, CancellationToken cancellationToken) => throw new NotSupportedException();
}
