using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Blocks;

/// <summary>Where new slices go before a version names them. Staged slices are unreachable until that version is committed.</summary>
public interface IBlockSink
{
    /// <summary>Reserves the id of the next new block.</summary>
    BlockId NextBlock();

    /// <summary>Stages one slice of a reserved block. Its bytes are copied before the task ends; the caller may reuse them.</summary>
    /// <exception cref="Errors.LatentDbException">store_full, store_unavailable.</exception>
    ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken);
}
