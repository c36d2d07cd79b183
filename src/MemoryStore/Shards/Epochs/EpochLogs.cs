using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>The two logs of one epoch, for reading, with the ciphers that belong to their salts.</summary>
internal sealed class EpochLogs : IDisposable
{
    public EpochLogs(Epoch epoch, SegmentReader manifest, LogHeader manifestHeader, SegmentReader blocks, LogHeader blocksHeader)
    {
        Epoch = epoch;
        Manifest = manifest;
        Blocks = blocks;
        ManifestCipher = new FrameCipher(manifestHeader.Salt.AsSpan(), (uint)LogName.Manifest);
        BlocksCipher = new FrameCipher(blocksHeader.Salt.AsSpan(), (uint)LogName.Blocks);
    }

    public Epoch Epoch { get; }

    public SegmentReader Manifest { get; }

    public SegmentReader Blocks { get; }

    public FrameCipher ManifestCipher { get; }

    public FrameCipher BlocksCipher { get; }

    /// <summary>Opens the logs of an epoch that nobody writes any more.</summary>
    /// <exception cref="Errors.LatentDbException">data_damaged, unsupported_format.</exception>
    public static EpochLogs Open(ShardLayout layout, Epoch epoch)
    {
        LogHeader manifest = LogFolder.Read(layout.Disk, layout.ManifestFolder(epoch));
        LogHeader blocks = LogFolder.Read(layout.Disk, layout.BlocksFolder(epoch));
        return new EpochLogs(
            epoch,
            new SegmentReader(layout.Disk, layout.ManifestFolder(epoch), manifest.Geometry),
            manifest,
            new SegmentReader(layout.Disk, layout.BlocksFolder(epoch), blocks.Geometry),
            blocks);
    }

    public SegmentReader Reader(LogName log) => log == LogName.Manifest ? Manifest : Blocks;

    public void Dispose()
    {
        Manifest.Dispose();
        Blocks.Dispose();
        ManifestCipher.Dispose();
        BlocksCipher.Dispose();
    }
}
