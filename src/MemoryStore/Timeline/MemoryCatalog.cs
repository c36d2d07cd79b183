using System.Collections.Concurrent;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Shards.Damages;
using LatentDb.MemoryStore.Shards.Staging;
using LatentDb.MemoryStore.Versions;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Timeline;

/// <summary>Every memory that the shards of this process own: create, fork, open, list, erase, and the source of all blocks.</summary>
public sealed partial class MemoryCatalog
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

    /// <summary>The shards that this process serves now, by number: what the listings of this object are about.</summary>
    public ImmutableArray<ShardId> OpenShards => [.. _shards().Shards.Select(shard => shard.Id)];

    /// <summary>The shard that a memory belongs to, open here or not.</summary>
    public ShardId ShardOf(MemoryKey key) => ShardId.Of(key, _shards().Count);

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
    /// <param name="origin">Who asked; the key is kept with version 1, where a caller finds it whose second creation is memory_exists.</param>
    /// <param name="cancellationToken">Without effect once the frame is enqueued.</param>
    /// <exception cref="LatentDbException">memory_exists; invalid_request when the metadata is too large; store_full, store_unavailable.</exception>
    public async Task<MemoryTimeline> CreateAsync(
        MemoryKey key, ModelFingerprint fingerprint, string? metadata, WriteOrigin origin, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(origin);
        WriteRules.CheckMetadata(key, metadata, StoreLimits.MaxMetadataBytes);
        WriteRules.Check(origin);
        Shard shard = _shards().ShardOf(key);
        return new MemoryTimeline(shard, await shard.Commit.CreateAsync(key, fingerprint, metadata, origin, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>
    /// Creates a memory whose version 1 has the content that <paramref name="source"/> has at <paramref name="at"/>. It is a memory of its own:
    /// erasing either leaves the other whole. Durable when the task ends; within a shard it costs as much as the manifest, into another shard the
    /// blocks are copied.
    /// </summary>
    /// <exception cref="LatentDbException">
    /// memory_not_found, memory_exists, version_not_found, version_expired, snapshot_not_found; model_mismatch when the target's shard has no
    /// genesis of the model (ensure it first); invalid_request when the metadata is too large;
    /// store_full, store_unavailable.
    /// </exception>
    public async Task<MemoryTimeline> ForkAsync(
        MemoryKey source, VersionSelector at, MemoryKey target, string? metadata, WriteOrigin origin, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(at);
        ArgumentNullException.ThrowIfNull(origin);
        WriteRules.CheckMetadata(target, metadata, StoreLimits.MaxMetadataBytes);
        WriteRules.Check(origin);
        Shard from = _shards().ShardOf(source);
        Shard to = _shards().ShardOf(target);
        MemoryEntry entry = await RequireAsync(from, source, cancellationToken).ConfigureAwait(false);
        VersionState version = await VersionResolver.ResolveAsync(from, entry, at).ConfigureAwait(false);
        MemoryIntake intake = await MemoryIntake.BeginAsync(to, target, cancellationToken).ConfigureAwait(false);
        await using (intake.ConfigureAwait(false))
        {
            MemoryEntry fork = await new MemoryFork(from, entry, version, intake).RunAsync(from == to, metadata, origin, cancellationToken).ConfigureAwait(false);
            return new MemoryTimeline(to, fork);
        }
    }

    /// <exception cref="LatentDbException">memory_not_found, data_damaged.</exception>
    public async Task<MemoryTimeline> OpenAsync(MemoryKey key, CancellationToken cancellationToken)
    {
        Shard shard = _shards().ShardOf(key);
        return new MemoryTimeline(shard, await RequireAsync(shard, key, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Up to <paramref name="limit"/> memories of a tenant in ordinal order of id, after <paramref name="after"/> (exclusive).</summary>
    /// <remarks>A memory whose state is damaged is left out and logged each time: one of them must not take the list of all others away.</remarks>
    public async ValueTask<ImmutableArray<MemorySummary>> ListAsync(TenantId tenant, int limit, MemoryId? after, CancellationToken cancellationToken)
    {
        int bounded = Math.Clamp(limit, 0, StoreLimits.MaxPageItems);
        var summaries = ImmutableArray.CreateBuilder<MemorySummary>();
        MemoryId? from = after;
        while (summaries.Count < bounded)
        {
            // What is left out is made up for: a short answer means that there is no more.
            List<(Shard Shard, MemoryRef Memory)> found = Find(tenant, bounded - summaries.Count, from);
            if (found.Count == 0) break;
            foreach ((Shard shard, MemoryRef memory) in found)
            {
                if (await SummariseAsync(shard, memory, cancellationToken).ConfigureAwait(false) is MemorySummary summary) summaries.Add(summary);
            }

            from = found[^1].Memory.Key.Memory;
        }

        return summaries.ToImmutable();
    }

    /// <summary>What a tenant has stored in the shards of this process: two look-ups per shard, whatever it has.</summary>
    public TenantUsage UsageOf(TenantId tenant)
    {
        long memories = 0;
        long bytes = 0;
        foreach (Shard shard in _shards().Shards)
        {
            TenantUsage part = shard.Index.Directory.UsageOf(tenant);
            (memories, bytes) = (memories + part.Memories, bytes + part.Bytes);
        }

        return new TenantUsage(memories, bytes);
    }

    /// <summary>
    /// Erases a memory: when the task ends its data key is destroyed, durably, and nothing that it wrote can be read any more, wherever copies of
    /// the files are, but for blocks that a fork still names. The bytes go with later compactions.
    /// </summary>
    /// <exception cref="LatentDbException">memory_not_found, store_full, store_unavailable, stale_owner.</exception>
    public Task EraseAsync(MemoryKey key, CancellationToken cancellationToken) => EraseAsync(key, WriteOrigin.None, cancellationToken);

    /// <summary>
    /// The same under an idempotency key, of which each shard remembers the newest <see cref="StoreLimits.MaxRememberedErasures"/>: a second erasure under
    /// it does nothing, even when there is a new memory of that name.
    /// </summary>
    /// <returns>True when it was done before under the same key.</returns>
    /// <exception cref="LatentDbException">memory_not_found, store_full, store_unavailable, stale_owner.</exception>
    public Task<bool> EraseAsync(MemoryKey key, WriteOrigin origin, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(origin);
        WriteRules.Check(origin);
        return _shards().ShardOf(key).Commit.EraseAsync(key, origin, cancellationToken);
    }

    /// <summary>Memories with operations that are pending, of the shards of this process; known without reading any of them.</summary>
    public ImmutableArray<MemoryKey> ListWaiting() => [.. _shards().Shards.SelectMany(shard => shard.Index.Directory.Waiting())];

    /// <summary>True when there is a memory of that name.</summary>
    public bool Exists(MemoryKey key) => _shards().ShardOf(key).Index.Directory.Find(key) is not null;

    /// <summary>True when the memory of that name was erased under the origin's key.</summary>
    public bool WasErased(MemoryKey key, WriteOrigin origin)
    {
        ArgumentNullException.ThrowIfNull(origin);
        return _shards().ShardOf(key).Commit.WasErased(key, origin);
    }

    private List<(Shard Shard, MemoryRef Memory)> Find(TenantId tenant, int limit, MemoryId? after) =>
    [
        .. _shards().Shards
            .SelectMany(shard => shard.Index.Directory.List(tenant, limit, after).Select(memory => (shard, memory)))
            .OrderBy(item => item.memory.Key.Memory.Value, StringComparer.Ordinal)
            .Take(limit),
    ];

    /// <returns>Null when it was erased since it was listed, or when its state is damaged, which is logged.</returns>
    private async ValueTask<MemorySummary?> SummariseAsync(Shard shard, MemoryRef memory, CancellationToken cancellationToken)
    {
        try
        {
            return await shard.Memories.FindAsync(memory, cancellationToken).ConfigureAwait(false) is MemoryEntry entry ? MemoryTimeline.Summarise(entry) : null;
        }
        catch (LatentDbException e) when (e.IsUnreadable())
        {
            LogNotListed(_shards().Settings.Logger, e, memory.Key);
            return null;
        }
    }

    private static async ValueTask<MemoryEntry> RequireAsync(Shard shard, MemoryKey key, CancellationToken cancellationToken) =>
        await shard.Memories.FindAsync(key, cancellationToken).ConfigureAwait(false)
        ?? throw new LatentDbException(ErrorCode.MemoryNotFound, $"Memory {key} does not exist.");

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

    [LoggerMessage(EventId = 150, Level = LogLevel.Error, Message = "Memory {Memory} was left out of a listing, because it is damaged.")]
    private static partial void LogNotListed(ILogger logger, Exception cause, MemoryKey memory);

    /// <summary>Asks the shard that knows the slice. A model's genesis stands in every shard that needs it; any copy will do.</summary>
    private sealed class CatalogBlocks(Func<ShardSet> shards) : IBlockSource
    {
        public ValueTask<BlockSlice> ReadAsync(SliceAddress address, CancellationToken cancellationToken) => Holder(address).ReadAsync(address, cancellationToken);

        public ValueTask<BlockSlice> ReadAsync(SliceAddress address, SliceBuffer buffer, CancellationToken cancellationToken) =>
            Holder(address).ReadAsync(address, buffer, cancellationToken);

        public ValueTask AnnounceAsync(SliceAddress address, CancellationToken cancellationToken) => Holder(address).AnnounceAsync(address, cancellationToken);

        private ShardReader Holder(SliceAddress address)
        {
            ShardSet set = shards();
            Shard? holder = set.Shards.FirstOrDefault(shard => shard.Blocks.Knows(address));
            if (holder is null && set.Settings.IsShared) throw new LatentDbException(ErrorCode.NotOwner, $"No shard of this server knows slice {address}; another server may.");
            return (holder ?? set.Shards.First()).Blocks;
        }
    }
}
