using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Tests.Support;

/// <summary>A lease that ends when a test says so.</summary>
internal sealed class TestLease(ShardId shard, long term = 1) : ShardLease
{
    private readonly CancellationTokenSource _lost = new();
    private int _looksLeft = int.MaxValue;

    public override ShardId Shard => shard;

    public override long Term => term;

    public override bool IsHeld => Interlocked.Decrement(ref _looksLeft) >= 0;

    public override CancellationToken Lost => _lost.Token;

    /// <summary>Told when it is given back; null = nobody is.</summary>
    public Action<TestLease>? GivenBack { get; init; }

    public void Lose()
    {
        Volatile.Write(ref _looksLeft, 0);
        _lost.Cancel();
    }

    /// <summary>It is held for so many looks at it, and never again.</summary>
    public void LoseAfter(int looks) => Volatile.Write(ref _looksLeft, looks);

    public override ValueTask DisposeAsync()
    {
        Lose();
        GivenBack?.Invoke(this);
        return ValueTask.CompletedTask;
    }
}
