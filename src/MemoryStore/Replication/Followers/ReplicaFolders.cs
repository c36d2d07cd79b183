using System.Collections.Concurrent;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Replication.Followers;

/// <summary>The copies of this silo, by shard. Thread-safe.</summary>
internal sealed class ReplicaFolders(IDisk disk, string data) : IDisposable
{
    private readonly ConcurrentDictionary<ShardId, ReplicaFolder> _folders = new();

    public ReplicaFolder Of(ShardId shard) => _folders.GetOrAdd(shard, id => new ReplicaFolder(id, disk, Path.Combine(Path.GetFullPath(data), id.ToString())));

    public void Dispose()
    {
        foreach (ReplicaFolder folder in _folders.Values) folder.Dispose();
    }
}
