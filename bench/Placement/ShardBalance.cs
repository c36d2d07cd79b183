using System.Globalization;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Placement;

/// <summary>How evenly memories fall on shards, and shards on store silos.</summary>
internal static class ShardBalance
{
    private static readonly (int Memories, int Shards, int Silos)[] Cases =
        [(1_000, 64, 3), (100_000, 64, 3), (100_000, 64, 10), (10_000_000, 64, 10), (10_000_000, 1024, 100), (10_000_000, 1024, 1000), (10_000_000, 8192, 1000)];

    public static void Print(TextWriter output)
    {
        output.WriteLine("| memories | shards | store silos | fullest shard over mean | fullest silo over mean | shards of a silo |");
        output.WriteLine("|---|---|---|---|---|---|");
        foreach ((int memories, int shards, int silos) in Cases)
        {
            long[] perShard = Fill(memories, shards);
            string?[] owners = [.. ShardAssignment.Assign(shards, Names(silos), [])];
            long[] perSilo = [.. owners.Zip(perShard).GroupBy(p => p.First).Select(g => g.Sum(p => p.Second))];
            int[] held = [.. owners.GroupBy(o => o).Select(g => g.Count())];
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {memories:n0} | {shards} | {silos} | {perShard.Max() * (double)shards / memories:0.00} | {perSilo.Max() * (double)silos / memories:0.00} | {held.Min()} to {held.Max()} |"));
        }

        output.WriteLine();
    }

    public static string[] Names(int count) => [.. Enumerable.Range(0, count).Select(i => $"latentdb-store-{i}")];

    private static long[] Fill(int memories, int shards)
    {
        long[] count = new long[shards];
        for (int i = 0; i < memories; i++)
        {
            var key = new MemoryKey(TenantId.Default, MemoryId.Parse(string.Create(CultureInfo.InvariantCulture, $"user-{i}")));
            count[ShardId.Of(key, shards).Value]++;
        }

        return count;
    }
}
