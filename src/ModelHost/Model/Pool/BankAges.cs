using LatentDb.MemoryStore.Versions;

namespace LatentDb.ModelHost.Model.Pool;

/// <summary>
/// Ages of bank rows in tokens, derived from the manifest (spec 4.1): K per write, plus the row's offset from the end of its block. Nothing is
/// stored, so nothing has to be counted up.
/// </summary>
/// <param name="sinceDrop">Count from the moment a row left the pool, as the public inference code does; the default counts from its writing, as training did.</param>
/// <param name="rowsPerWrite">K.</param>
/// <param name="poolRows">N; genesis pool rows come before the checkpoint's own bank rows in the genesis block.</param>
internal sealed class BankAges(bool sinceDrop, int rowsPerWrite, int poolRows)
{
    /// <summary>The age of row <paramref name="row"/> of a run.</summary>
    public long Of(IMemoryRows memory, int layer, BankRun run, int row)
    {
        Manifest manifest = memory.Manifest;
        ManifestBlock block = manifest.Blocks[run.Block];
        long writes = !sinceDrop || run.EnteredAt == 0 ? manifest.Writes - block.WrittenAt : manifest.Writes - run.EnteredAt;
        return (writes * rowsPerWrite) + AtWriting(memory, layer, block, row);
    }

    /// <summary>The age that a row has when it counts from zero writes: its distance from the newest row of its block.</summary>
    private long AtWriting(IMemoryRows memory, int layer, ManifestBlock block, int row)
    {
        if (block.WrittenAt > 0) return block.Rows - 1 - row;
        if (row >= poolRows) return memory.GenesisAge(layer, row);
        return sinceDrop ? 0 : poolRows - 1 - row;
    }
}
