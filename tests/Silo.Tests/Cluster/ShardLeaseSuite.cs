using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Silo.Tests.Cluster;

/// <summary>What every authority over leases keeps, whoever it is.</summary>
internal static class ShardLeaseSuite
{
    private static readonly ShardId Shard = new(3);
    private static readonly ShardId Other = new(4);

    /// <param name="first">One process.</param>
    /// <param name="second">Another one with the same authority.</param>
    public static async Task RunAsync(IShardLeases first, IShardLeases second)
    {
        ShardLease held = await RequireAsync(first, Shard);
        Assert.Equal(Shard, held.Shard);
        Assert.True(held.IsHeld);
        Assert.False(held.Lost.IsCancellationRequested);

        // Nobody else gets it, and neither does its holder a second time; another shard is another matter.
        Assert.Null(await second.TryAcquireAsync(Shard, CancellationToken.None));
        Assert.Null(await first.TryAcquireAsync(Shard, CancellationToken.None));
        ShardLease other = await RequireAsync(second, Other);
        Assert.True(other.IsHeld);

        // Given back it is free at once, over for good, and whoever has it next has a later term.
        await held.DisposeAsync();
        Assert.False(held.IsHeld);
        ShardLease next = await RequireAsync(second, Shard);
        Assert.True(next.Term > held.Term, $"{next.Term} after {held.Term}");
        Assert.False(held.IsHeld);
        Assert.Null(await first.TryAcquireAsync(Shard, CancellationToken.None));
        await next.DisposeAsync();
        ShardLease again = await RequireAsync(first, Shard);
        Assert.True(again.Term > next.Term, $"{again.Term} after {next.Term}");
        await again.DisposeAsync();
        await other.DisposeAsync();

        await RaceAsync(first, second);
    }

    /// <summary>Of those that ask at once one gets it.</summary>
    private static async Task RaceAsync(IShardLeases first, IShardLeases second)
    {
        for (int round = 0; round < 20; round++)
        {
            ShardLease?[] leases = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(async () => await (i % 2 == 0 ? first : second).TryAcquireAsync(Shard, CancellationToken.None))));
            ShardLease winner = Assert.Single(leases, lease => lease is not null)!;
            await winner.DisposeAsync();
        }
    }

    private static async Task<ShardLease> RequireAsync(IShardLeases leases, ShardId shard) =>
        await leases.TryAcquireAsync(shard, CancellationToken.None) ?? throw new InvalidOperationException($"{shard} was not free.");
}
