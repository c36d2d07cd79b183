namespace LatentDb.ModelHost.Tests.Compute;

/// <summary>How large a random batch is.</summary>
internal sealed record BatchSize(int Sequences, int KvHeads, int Group, int HeadSize, int MostRows, int PoolRows)
{
    public static BatchSize Random(SeededRandom random, ulong seed) => new(
        1 + random.NextInt32(4),
        1 + random.NextInt32(4),
        1 + random.NextInt32(4),
        2 * (1 + random.NextInt32(40)),
        seed % 2 == 0 ? 2 : 40,
        random.NextInt32(seed % 5 == 0 ? 2500 : 300));
}
