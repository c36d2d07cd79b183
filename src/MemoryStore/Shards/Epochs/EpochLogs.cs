using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Damages;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>The two logs of one epoch, for reading, with the ciphers that belong to their salts.</summary>
/// <remarks>A log that cannot be opened says so when it is asked for: the other one is read all the same.</remarks>
internal sealed class EpochLogs : IDisposable
{
    private readonly Side _manifest;
    private readonly Side _blocks;

    public EpochLogs(Epoch epoch, SegmentReader manifest, LogHeader manifestHeader, SegmentReader blocks, LogHeader blocksHeader)
        : this(epoch, new Side(manifest, manifestHeader, LogName.Manifest), new Side(blocks, blocksHeader, LogName.Blocks))
    {
    }

    private EpochLogs(Epoch epoch, Side manifest, Side blocks)
    {
        Epoch = epoch;
        _manifest = manifest;
        _blocks = blocks;
    }

    public Epoch Epoch { get; }

    /// <exception cref="LatentDbException">data_damaged, unsupported_format: the log's header is not readable.</exception>
    public SegmentReader Manifest => _manifest.Require().Reader;

    /// <inheritdoc cref="Manifest"/>
    public SegmentReader Blocks => _blocks.Require().Reader;

    /// <inheritdoc cref="Manifest"/>
    public FrameCipher ManifestCipher => _manifest.Require().Cipher;

    /// <inheritdoc cref="Manifest"/>
    public FrameCipher BlocksCipher => _blocks.Require().Cipher;

    /// <summary>Opens the logs of an epoch that nobody writes any more.</summary>
    public static EpochLogs Open(ShardLayout layout, Epoch epoch) => new(epoch, Side.Open(layout, epoch, LogName.Manifest), Side.Open(layout, epoch, LogName.Blocks));

    public SegmentReader Reader(LogName log) => log == LogName.Manifest ? Manifest : Blocks;

    /// <summary>Drops what the ciphers derived from a key.</summary>
    public void Forget(DataKey key)
    {
        _manifest.Opened?.Cipher.Forget(key);
        _blocks.Opened?.Cipher.Forget(key);
    }

    public void Dispose()
    {
        _manifest.Dispose();
        _blocks.Dispose();
    }

    /// <summary>One of the logs, or why there is none.</summary>
    private sealed class Side : IDisposable
    {
        private readonly LatentDbException? _failure;

        public Side(SegmentReader reader, LogHeader header, LogName log) => Opened = new OpenLog(reader, new FrameCipher(header.Salt.AsSpan(), (uint)log));

        private Side(LatentDbException failure) => _failure = failure;

        public OpenLog? Opened { get; }

        public static Side Open(ShardLayout layout, Epoch epoch, LogName log)
        {
            string folder = layout.LogFolderOf(epoch, log);
            try
            {
                LogHeader header = LogFolder.Read(layout.Disk, folder);
                return new Side(new SegmentReader(layout.Disk, folder, header.Geometry), header, log);
            }
            catch (LatentDbException e) when (e.IsDamage())
            {
                return new Side(e);
            }
        }

        public OpenLog Require() => Opened ?? throw new LatentDbException(_failure!.Code, _failure.Message, _failure);

        public void Dispose()
        {
            Opened?.Reader.Dispose();
            Opened?.Cipher.Dispose();
        }
    }

    private sealed record OpenLog(SegmentReader Reader, FrameCipher Cipher);
}
