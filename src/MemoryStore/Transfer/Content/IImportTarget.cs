using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Transfer.Content;

/// <summary>Where the content of an archive goes while it is read: invisible until all of it was verified. Tests read archives without a store.</summary>
internal interface IImportTarget
{
    /// <summary>Reserves the name of a new block.</summary>
    BlockId NextBlock();

    /// <summary>Takes a slice; its bytes are copied before the task ends.</summary>
    ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken);

    /// <summary>Takes the next version, whose blocks were staged before.</summary>
    ValueTask StageAsync(CheckedVersion version, CancellationToken cancellationToken);
}
