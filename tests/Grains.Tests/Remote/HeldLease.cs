using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Grains.Tests.Remote;

/// <summary>A lease that lasts as long as the test wants.</summary>
internal sealed class HeldLease(ShardId shard, long term) : ShardLease
{
    public override ShardId Shard => shard;

    public override long Term => term;

    public override bool IsHeld => true;

    public override CancellationToken Lost => CancellationToken.None;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
