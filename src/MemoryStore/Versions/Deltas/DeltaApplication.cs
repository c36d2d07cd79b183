using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Versions.Deltas;

/// <summary>Old manifest + delta -> new manifest, in one pass over the runs. Pure and deterministic: replay gives the same value.</summary>
internal static class DeltaApplication
{
    /// <summary>Blocks that no run refers to are dropped from the table once they are this many more than the live ones.</summary>
    private const int SpareBlocks = 64;

    public static Manifest Apply(Manifest manifest, ManifestDelta delta)
    {
        if (delta.Layers.Length != manifest.Layers.Length) throw Damaged($"has {delta.Layers.Length} layers, the manifest {manifest.Layers.Length}");
        if (delta.BlockRows < 1) throw Damaged($"adds a block of {delta.BlockRows} rows");
        foreach (LayerDelta layer in delta.Layers) CheckNumbers(layer);
        long write = manifest.Writes + 1;
        ImmutableArray<ManifestBlock> blocks = manifest.Blocks.Add(new ManifestBlock(delta.Block, write, delta.BlockRows));
        var layers = ImmutableArray.CreateBuilder<LayerRows>(delta.Layers.Length);
        for (int layer = 0; layer < delta.Layers.Length; layer++)
        {
            layers.Add(ApplyLayer(manifest.Layers[layer], delta.Layers[layer], blocks.Length - 1, write));
        }

        return new Manifest(blocks, layers.MoveToImmutable(), write).WithoutUnusedBlocks(SpareBlocks).Check();
    }

    /// <summary>A life that is not a number would pass for "not merged yet", and one that is infinite would never be evicted.</summary>
    private static void CheckNumbers(LayerDelta layer)
    {
        if (layer.SealedLife is float life && !float.IsFinite(life)) throw Damaged($"gives merged rows a life of {life}");
        if (!float.IsFinite(layer.Decays)) throw Damaged($"lets a layer decay by {layer.Decays}");
    }

    private static LayerRows ApplyLayer(LayerRows rows, LayerDelta delta, int newBlock, long write)
    {
        var pool = new PoolRunBuilder();
        var bank = new BankRunBuilder(rows.Bank, delta.SealedLife);
        SplitPool(rows, delta.RemovedRanks, pool, delta.MovedToBank ? bank : null, write);
        if (delta.SealedLife is float life) bank.Seal(life);
        foreach (RowRange range in delta.Appended) pool.Add(newBlock, range.First, range.Count);
        return new LayerRows(pool.ToImmutable(), bank.ToImmutableWithout(delta.EvictedBankRows), delta.Decays);
    }

    /// <summary>Walks the pool once: rows at the removed ranks go to the bank (or nowhere), the others stay in order.</summary>
    private static void SplitPool(LayerRows rows, ImmutableArray<int> removed, PoolRunBuilder pool, BankRunBuilder? bank, long write)
    {
        int rank = 0;
        int next = 0;
        foreach (RowRun run in rows.Pool)
        {
            int kept = run.First;
            int end = rank + run.Count;
            while (next < removed.Length && removed[next] < end)
            {
                if (removed[next] < rank || (next > 0 && removed[next] <= removed[next - 1])) throw Damaged("lists removed ranks out of order");
                int row = run.First + removed[next] - rank;
                if (row > kept) pool.Add(run.Block, kept, row - kept);
                bank?.Add(run.Block, row, write);
                kept = row + 1;
                next++;
            }

            if (run.End > kept) pool.Add(run.Block, kept, run.End - kept);
            rank = end;
        }

        if (next != removed.Length) throw Damaged($"removes rank {removed[next]} of a pool of {rank} rows");
    }

    private static LatentDbException Damaged(string what) => new(ErrorCode.DataDamaged, $"The manifest delta {what}.");
}
