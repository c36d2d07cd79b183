using System.Globalization;
using LatentDb.MemoryStore.Cluster;

namespace LatentDb.Placement;

/// <summary>How many shards change hands when silos come and go, against the fewest that balance allows.</summary>
internal static class ShardMoves
{
    private static readonly (int Shards, int Silos)[] Cases = [(64, 3), (64, 10), (1024, 100), (8192, 1000)];

    public static void Print(TextWriter output)
    {
        output.WriteLine("| shards | silos | one goes: moved / its own | it comes back: moved / its share | a tenth more: moved / their share | rolling restart of all: moves per shard |");
        output.WriteLine("|---|---|---|---|---|---|");
        foreach ((int shards, int silos) in Cases)
        {
            string[] names = ShardBalance.Names(silos);
            string?[] all = Assign(shards, names, []);
            string[] without = [.. names.Where(n => n != names[silos / 2])];
            string?[] gone = Assign(shards, without, all);
            string?[] back = Assign(shards, names, gone);
            int more = Math.Max(1, silos / 10);
            string?[] grown = Assign(shards, ShardBalance.Names(silos + more), all);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {shards} | {silos} | {Moved(all, gone)} / {all.Count(o => o == names[silos / 2])} | {Moved(gone, back)} / {shards / silos} | {Moved(all, grown)} / {(long)shards * more / (silos + more)} | {Rolling(shards, names, all):0.00} |"));
        }

        output.WriteLine();
    }

    private static double Rolling(int shards, string[] names, string?[] owners)
    {
        int moves = 0;
        foreach (string name in names)
        {
            string?[] gone = Assign(shards, [.. names.Where(n => n != name)], owners);
            string?[] back = Assign(shards, names, gone);
            moves += Moved(owners, gone) + Moved(gone, back);
            owners = back;
        }

        return (double)moves / shards;
    }

    private static string?[] Assign(int shards, string[] silos, string?[] owners) => [.. ShardAssignment.Assign(shards, silos, owners)];

    private static int Moved(string?[] before, string?[] after) => before.Zip(after).Count(p => p.First != p.Second);
}
