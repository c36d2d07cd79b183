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
        SegmentReader Reader(string folder) => new(layout.Disk, folder, LogFolder.Read(layout.Disk, folder).Geometry);

        return new EpochLogs(epoch, Reader(layout.ManifestFolder(epoch)), Reader(layout.BlocksFolder(epoch)));
    }

    public void Dispose()
    {
        Manifest.Dispose();
        Blocks.Dispose();
    }
}
