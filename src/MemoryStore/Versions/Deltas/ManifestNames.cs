using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Versions.Deltas;

/// <summary>Which blocks a manifest has rows of.</summary>
internal static class ManifestNames
{
    /// <summary>True when a read of that layer needs that slice, or, for hidden rows, when any layer needs its block.</summary>
    public static bool Names(this Manifest manifest, SliceAddress address)
    {
        if ((uint)address.Layer >= (uint)manifest.Layers.Length) return false;
        if (address.Part == SlicePart.Read) return manifest.Layers[address.Layer].Names(manifest, address.Block);
        return manifest.Layers.Any(layer => layer.Names(manifest, address.Block));
    }

    private static bool Names(this LayerRows layer, Manifest manifest, BlockId block)
    {
        foreach (RowRun run in layer.Pool)
        {
            if (manifest.Blocks[run.Block].Id == block) return true;
        }

        foreach (BankRun run in layer.Bank)
        {
            if (manifest.Blocks[run.Block].Id == block) return true;
        }

        return false;
    }
}
