using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Shards;

/// <summary>The place of one shard in this process: its lock, and the object that serves it now.</summary>
internal sealed class ShardSlot : IAsyncDisposable
{
    private readonly ShardLock _lock;
    private readonly Shard _current;

    private ShardSlot(ShardLock shardLock, Shard shard)
    {
        _lock = shardLock;
        _current = shard;
    }

    public Shard Current => _current;

    /// <exception cref="Errors.LatentDbException">shard_locked, data_damaged, unsupported_format, key_unavailable, store_full, store_unavailable.</exception>
    public static async Task<ShardSlot> OpenAsync(ShardId id, ShardLayout layout, ShardSettings settings, IMasterKeyProvider master, CancellationToken cancellationToken)
    {
        layout.Disk.CreateFolder(layout.Root);
        layout.Disk.SyncFolder(Path.GetDirectoryName(layout.Root)!);
        ShardLock shardLock = ShardLock.Take(layout.LockPath, layout.OwnerPath, id.ToString(), settings.Time);
        try
        {
            return new ShardSlot(shardLock, await new ShardRecovery(id, layout, settings, master).OpenAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            shardLock.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _current.DisposeAsync().ConfigureAwait(false);
        _lock.Dispose();
    }
}
