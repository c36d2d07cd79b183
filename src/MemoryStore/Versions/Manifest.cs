using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Versions;

/// <summary>
/// What a version is: for each layer, which rows of which blocks form the pool and the long-term bank, in order. Immutable; versions share blocks.
/// </summary>
/// <param name="Blocks">The blocks that the runs refer to by index.</param>
/// <param name="Layers">One entry per layer of the model.</param>
/// <param name="Writes">Chunks written in the line of versions that leads here; the clock of ages and merges.</param>
public sealed record Manifest(ImmutableArray<ManifestBlock> Blocks, ImmutableArray<LayerRows> Layers, long Writes)
{
    /// <summary>Stops the operation when the manifest breaks an invariant: called on what is built and on what is read back.</summary>
    /// <exception cref="LatentDbException">data_damaged, naming the layer and run.</exception>
    public Manifest Check()
    {
        if (Layers.IsDefaultOrEmpty) throw Damaged("has no layers");
        if (Writes < 0) throw Damaged($"counts {Writes} writes");
        for (int layer = 0; layer < Layers.Length; layer++)
        {
            foreach (RowRun run in Layers[layer].Pool) CheckRun(layer, run.Block, run.First, run.Count);
            if (!float.IsFinite(Layers[layer].Decays)) throw Damaged($"has a decay of {Layers[layer].Decays} in layer {layer}");
            foreach (BankRun run in Layers[layer].Bank)
            {
                CheckRun(layer, run.Block, run.First, run.Count);
                if (float.IsInfinity(run.LifeBase)) throw Damaged($"has a life of {run.LifeBase} in layer {layer}");
            }
        }

        return this;
    }

    private void CheckRun(int layer, int block, int first, int count)
    {
        if ((uint)block >= (uint)Blocks.Length) throw Damaged($"names block {block} of {Blocks.Length} in layer {layer}");
        if (first < 0 || count < 1 || (long)first + count > Blocks[block].Rows)
        {
            throw Damaged($"names rows {first}+{count} of {Blocks[block].Rows} of block {Blocks[block].Id} in layer {layer}");
        }
    }

    private static LatentDbException Damaged(string what) => new(ErrorCode.DataDamaged, $"The manifest {what}.");
}
