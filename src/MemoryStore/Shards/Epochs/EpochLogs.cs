using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>The two logs of one epoch, for reading.</summary>
internal sealed record EpochLogs(Epoch Epoch, SegmentReader Manifest, SegmentReader Blocks) : IDisposable
{
    /// <summary>Opens the logs of an epoch that nobody writes any more.</summary>
    /// <exception cref="Errors.LatentDbException">data_damaged, unsupported_format.</exception>
    public static EpochLogs Open(ShardLayout layout, Epoch epoch)
    {
        LogFolder.Check(layout.ManifestFolder(epoch), LogGeometry.Manifest);
        LogFolder.Check(layout.BlocksFolder(epoch), LogGeometry.Blocks);
        return new EpochLogs(
            epoch, new SegmentReader(layout.ManifestFolder(epoch), LogGeometry.Manifest), new SegmentReader(layout.BlocksFolder(epoch), LogGeometry.Blocks));
    }

    public void Dispose()
    {
        Manifest.Dispose();
        Blocks.Dispose();
    }
}
