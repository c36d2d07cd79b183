using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model;

/// <summary>
/// The checkpoint's own memory as one block that every memory of the model shares: rows 0 to N-1 are the pool, the rows after them the long-term
/// bank as shipped, with its keys, ages and lives.
/// </summary>
internal sealed class GenesisWriter(IComputeBackend backend, ModelDimensions dimensions, GenesisTensors tensors, BlockEncoder encoder)
{
    /// <summary>Writes the block's slices and returns the manifest of a new memory.</summary>
    public async Task<Manifest> WriteAsync(IBlockSink sink, CancellationToken cancellationToken)
    {
        if (!tensors.IsInitialized) return Empty();
        BlockId block = sink.NextBlock();
        int? blockRows = null;
        var layers = ImmutableArray.CreateBuilder<LayerRows>(dimensions.L);
        for (int layer = 0; layer < dimensions.L; layer++)
        {
            GenesisBank? bank = tensors.Bank(layer);
            int rows = dimensions.N + (bank?.Count ?? 0);
            blockRows ??= rows;
            if (rows != blockRows) throw new LatentDbException(ErrorCode.CheckpointInvalid, $"Layer {layer} ships {rows} memory rows, layer 0 ships {blockRows}.");
            await WriteLayerAsync(sink, new SliceAddress(block, layer, SlicePart.Hidden), bank, rows, cancellationToken).ConfigureAwait(false);
            layers.Add(new LayerRows([new RowRun(0, 0, dimensions.N)], BankRuns(bank), Decays: 0));
        }

        return new Manifest([new ManifestBlock(block, WrittenAt: 0, blockRows!.Value)], layers.MoveToImmutable(), Writes: 0).Check();
    }

    private async Task WriteLayerAsync(IBlockSink sink, SliceAddress address, GenesisBank? bank, int rows, CancellationToken cancellationToken)
    {
        using DeviceBuffer buffer = backend.Allocate((long)rows * dimensions.D);
        MatrixView hidden = buffer.AsMatrix(rows, dimensions.D);
        tensors.Pool(address.Layer).Upload(0, backend, hidden.SliceRows(0, dimensions.N));
        bank?.Rows.Upload(0, backend, hidden.SliceRows(dimensions.N, bank.Count));
        await sink.StageAsync(encoder.Hidden(address, BlockKind.Genesis, hidden), cancellationToken).ConfigureAwait(false);
        await sink.StageAsync(EncodeRead(address, hidden, bank), cancellationToken).ConfigureAwait(false);
    }

    private BlockSlice EncodeRead(SliceAddress address, MatrixView hidden, GenesisBank? bank)
    {
        if (bank is null || bank.Count == 0) return encoder.Read(address, BlockKind.Genesis, hidden);
        using DeviceBuffer buffer = backend.Allocate((long)bank.Count * dimensions.KeySize);
        MatrixView keys = buffer.AsMatrix(bank.Count, dimensions.KeySize);
        bank.Keys.Upload(0, backend, keys);
        long[] ages = new long[hidden.Rows]; // pool rows have none of their own: their rank tells
        bank.Ages.CopyTo(ages, dimensions.N);
        return encoder.Read(address, BlockKind.Genesis, hidden, keys, ages);
    }

    private ImmutableArray<BankRun> BankRuns(GenesisBank? bank)
    {
        if (bank is null) return [];
        var runs = ImmutableArray.CreateBuilder<BankRun>();
        for (int row = 0; row < bank.Count; row++)
        {
            float life = bank.RecallFrequencies[row];
            if (runs.Count > 0 && runs[^1].LifeBase == life) runs[^1] = runs[^1] with { Count = runs[^1].Count + 1 };
            else runs.Add(new BankRun(0, dimensions.N + row, 1, EnteredAt: 0, life));
        }

        return runs.ToImmutable();
    }

    private Manifest Empty() => new([], [.. Enumerable.Range(0, dimensions.L).Select(_ => new LayerRows([], [], 0))], Writes: 0);
}
