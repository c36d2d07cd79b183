namespace LatentDb.MemoryStore.Identity;

/// <summary>Index of a shard, 0 .. shard count - 1.</summary>
public readonly record struct ShardId(int Value)
{
    public override string ToString() => $"shard-{Value:D4}";
}
