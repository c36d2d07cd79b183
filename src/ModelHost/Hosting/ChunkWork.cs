using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Passes;
using LatentDb.ModelHost.Scheduling;

namespace LatentDb.ModelHost.Hosting;

/// <summary>One chunk of an inject: its write pass, then layer by layer the slices of the new block, whose K and V are products too.</summary>
/// <param name="model">The model.</param>
/// <param name="pass">The write; owned by this work.</param>
/// <param name="block">The block that the slices belong to.</param>
internal sealed class ChunkWork(MemoryModel model, WritePass pass, BlockId block) : ILayerWork, IDisposable
{
    private readonly PassWork _writing = new(pass);
    private NewRows? _rows;

    /// <summary>Rows per layer that the chunk made.</summary>
    public int Rows => _rows?.Rows ?? 0;

    /// <summary>The slices of the new block, in order; complete when the work is finished.</summary>
    public List<BlockSlice> Slices { get; } = new(2 * model.Dimensions.L);

    public long NextCost => _rows?.Rows ?? _writing.NextCost;

    public LayerProgress Run()
    {
        if (_rows is null)
        {
            LayerProgress progress = _writing.Run();
            if (!progress.IsFinished) return progress;
            _rows = pass.TakeRows();
            return LayerProgress.More;
        }

        (BlockSlice hidden, BlockSlice read) = model.Encode(block, Slices.Count / 2, _rows);
        Slices.Add(hidden);
        Slices.Add(read);
        return Slices.Count == 2 * model.Dimensions.L ? LayerProgress.Finished : LayerProgress.More;
    }

    public void Dispose()
    {
        pass.Dispose();
        _rows?.Dispose();
    }
}
