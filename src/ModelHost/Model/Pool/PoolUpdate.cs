using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.ModelHost.Model.Pool;

/// <summary>
/// The drop law (spec 3.6, 3.7): as many random rows as the new block brings leave each layer's pool, survivors keep their order, the new rows go
/// to the end. Pure: old manifest, new block, rules and a draw give a delta; nothing is touched.
/// </summary>
internal static class PoolUpdate
{
    /// <summary>The delta of one write of a block of <paramref name="blockRows"/> rows per layer.</summary>
    public static ManifestDelta Next(Manifest manifest, BlockId block, int blockRows, PoolRules rules, DropSource drops)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blockRows, rules.PoolRows);
        long write = manifest.Writes + 1;
        var layers = ImmutableArray.CreateBuilder<LayerDelta>(rules.Layers);
        for (int layer = 0; layer < rules.Layers; layer++)
        {
            LayerRows rows = manifest.Layers[layer];
            layers.Add(rows.PoolRows == 0 ? Fill(blockRows, rules, rows) : Replace(rows, layer, blockRows, write, rules, drops));
        }

        return new ManifestDelta(block, blockRows, layers.MoveToImmutable());
    }

    /// <summary>An uninitialised pool is filled with repeated copies of the block; a tail that does not divide takes the block's last rows.</summary>
    private static LayerDelta Fill(int blockRows, PoolRules rules, LayerRows rows)
    {
        var appended = ImmutableArray.CreateBuilder<RowRange>();
        for (int i = 0; i < rules.PoolRows / blockRows; i++) appended.Add(new RowRange(0, blockRows));
        int tail = rules.PoolRows % blockRows;
        if (tail > 0) appended.Add(new RowRange(blockRows - tail, tail));
        return new LayerDelta([], MovedToBank: false, null, rows.Decays, [], appended.ToImmutable());
    }

    private static LayerDelta Replace(LayerRows rows, int layer, int blockRows, long write, PoolRules rules, DropSource drops)
    {
        ImmutableArray<int> removed = drops.Draw(layer, rows.PoolRows, rules.Drops(rows.PoolRows, blockRows));
        ImmutableArray<RowRange> appended = [new RowRange(0, blockRows)];
        if (!rules.KeepsBank) return new LayerDelta(removed, MovedToBank: false, null, rows.Decays, [], appended);
        bool merges = write % rules.MergeEvery == 0;
        if (!merges) return new LayerDelta(removed, MovedToBank: true, null, rows.Decays, [], appended);
        BankMerge merge = BankEviction.Merge(rows, removed.Length, rules);
        return new LayerDelta(removed, MovedToBank: true, merge.SealedLife, merge.Decays, merge.Evicted, appended);
    }
}
