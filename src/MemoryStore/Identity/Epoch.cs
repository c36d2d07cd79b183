namespace LatentDb.MemoryStore.Identity;

/// <summary>Ownership period of a shard; every open raises it, and an older owner can commit nothing.</summary>
public readonly record struct Epoch(long Value)
{
    public Epoch Next() => new(Value + 1);

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
