using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;

namespace LatentDb.Grains.Hosting;

/// <summary>Lets the turns of a shard's memories begin when the shard comes, and end before it goes.</summary>
internal sealed class ShardTurns(EmbeddedGrainHost host, MemoryCatalog catalog) : IShardUsers
{
    /// <inheritdoc/>
    public void Enter(ShardId shard)
    {
        host.Enter(shard);
        foreach (MemoryKey memory in catalog.ListWaiting().Where(memory => catalog.ShardOf(memory) == shard)) host.Operations.Wake(memory);
    }

    /// <inheritdoc/>
    public async ValueTask LeaveAsync(ShardId shard, CancellationToken cancellationToken) =>
        await host.LeaveAsync(shard).WaitAsync(cancellationToken).ConfigureAwait(false);
}
