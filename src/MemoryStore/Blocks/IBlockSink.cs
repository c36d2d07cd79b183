using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Blocks;

/// <summary>Where new slices go before a version names them. Staged slices are unreachable until that version is committed.</summary>
public interface IBlockSink
{
    /// <summary>Reserves the id of the next new block. A writer reserves when it is about to write: at most one block has no slice yet, so that a sink at another silo can have its id ready.</summary>
    BlockId NextBlock();

    /// <summary>Stages one slice of a reserved block. Its bytes are copied before the task ends; the caller may reuse them.</summary>
    /// <exception cref="Errors.LatentDbException">store_full, store_unavailable.</exception>
    ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken);
}
