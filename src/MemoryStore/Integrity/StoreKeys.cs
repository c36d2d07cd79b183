using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;

namespace LatentDb.MemoryStore.Integrity;

/// <summary>Rotation of keys over all shards of this process, beside the traffic.</summary>
/// <remarks>
/// No data is rewritten: a master key wraps keys of tenants, and those wrap the keys of memories. A rotation that was broken off leaves a store
/// that opens with the old and the new key, and is ended by the next one. One rotation runs at a time; a second one waits.
/// </remarks>
public sealed class StoreKeys : IDisposable
{
    private readonly Func<ShardSet> _shards;
    private readonly SemaphoreSlim _gate = new(1, 1);

    internal StoreKeys(Func<ShardSet> shards) => _shards = shards;

    /// <summary>
    /// Reads the master keys again (in a file: the new one in a line above the old ones) and wraps all tenants' keys under the current one. When the
    /// task ends, the others wrap nothing any more and may be taken away.
    /// </summary>
    /// <exception cref="LatentDbException">key_unavailable: a master key that is still needed is not given any more; configuration_invalid, store_full, store_unavailable.</exception>
    public async Task RotateMasterAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ShardSet set = _shards();
            set.MasterKeys.Reload(set.MasterKeysInUse);
            foreach (Shard shard in set.Shards)
            {
                await shard.Keys.Keyring.RotateMasterAsync(cancellationToken).ConfigureAwait(false);
                await shard.Fence.CheckAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Gives a tenant a new key in every shard and rewraps the keys of its memories; afterwards the old one is nowhere.</summary>
    /// <exception cref="LatentDbException">key_unavailable, store_full, store_unavailable.</exception>
    public async Task RotateTenantAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (Shard shard in _shards().Shards)
            {
                await shard.Keys.Keyring.RotateTenantAsync(tenant, cancellationToken).ConfigureAwait(false);
                await shard.Fence.CheckAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The same for the keys under which directories, checkpoints and models' genesis stand.</summary>
    /// <exception cref="LatentDbException">key_unavailable, store_full, store_unavailable.</exception>
    public async Task RotateShardsAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (Shard shard in _shards().Shards)
            {
                await shard.Keys.Keyring.RotateShardAsync(cancellationToken).ConfigureAwait(false);
                await shard.Fence.CheckAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The master keys that wrap something, by name: one that is not listed may be taken away.</summary>
    public ImmutableArray<MasterKeyUse> ListMasterKeys()
    {
        ShardSet set = _shards();
        return
        [
            .. set.Shards
                .SelectMany(shard => shard.Keys.Keyring.MasterKeyUse().Select(use => (use.Key, use.Value, shard.Id)))
                .GroupBy(use => use.Key, StringComparer.Ordinal)
                .OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => new MasterKeyUse(g.Key, g.Key == set.MasterKeys.CurrentId, g.Sum(u => (long)u.Value), [.. g.Select(u => u.Id.Value)])),
        ];
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();
}

/// <summary>What a master key wraps.</summary>
/// <param name="Id">Its name, as its provider knows it.</param>
/// <param name="IsCurrent">True when it wraps new keys; false for others, and when the provider does not tell.</param>
/// <param name="TenantKeys">Keys of tenants, and of shards, that it wraps.</param>
/// <param name="Shards">Numbers of the shards with such keys.</param>
public sealed record MasterKeyUse(string Id, bool IsCurrent, long TenantKeys, ImmutableArray<int> Shards);
