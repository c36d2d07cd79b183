using System.Collections.Immutable;

namespace LatentDb.MemoryStore.Versions.Deltas;

/// <summary>Drops from a manifest's table the blocks that no run names.</summary>
internal static class ManifestPruning
{
    /// <summary>True for each block of the table that some run names.</summary>
    public static bool[] UsedBlocks(this Manifest manifest)
    {
        bool[] used = new bool[manifest.Blocks.Length];
        foreach (LayerRows layer in manifest.Layers)
        {
            foreach (RowRun run in layer.Pool) used[run.Block] = true;
            foreach (BankRun run in layer.Bank) used[run.Block] = true;
        }

        return used;
    }

    /// <param name="manifest">Left as it is.</param>
    /// <param name="spare">Unused blocks that are tolerated, so that the table is not rebuilt with every write.</param>
    public static Manifest WithoutUnusedBlocks(this Manifest manifest, int spare)
    {
        bool[] used = manifest.UsedBlocks();
        int usedCount = used.Count(u => u);
        if (used.Length <= usedCount + spare) return manifest;
        int[] places = new int[used.Length];
        var blocks = ImmutableArray.CreateBuilder<ManifestBlock>(usedCount);
        for (int i = 0; i < used.Length; i++)
        {
            places[i] = blocks.Count;
            if (used[i]) blocks.Add(manifest.Blocks[i]);
        }

        ImmutableArray<LayerRows> layers =
        [
            .. manifest.Layers.Select(layer => new LayerRows(
                [.. layer.Pool.Select(run => run with { Block = places[run.Block] })],
                [.. layer.Bank.Select(run => run with { Block = places[run.Block] })],
                layer.Decays)),
        ];
        return new Manifest(blocks.MoveToImmutable(), layers, manifest.Writes);
    }
}
