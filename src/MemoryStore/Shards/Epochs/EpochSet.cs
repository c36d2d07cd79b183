using System.Collections.Concurrent;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Damages;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>The logs of all epochs of a shard that hold data, for reading. Earlier epochs are opened when first read.</summary>
internal sealed class EpochSet(ShardLayout layout) : IDisposable
{
    private readonly ConcurrentDictionary<Epoch, EpochLogs> _open = new();

    /// <summary>Where the earlier epochs ended, oldest first.</summary>
    public ImmutableArray<EpochSeal> Seals { get; set; } = [];

    /// <exception cref="SegmentMissingException">The epoch has no folder.</exception>
    public EpochLogs Get(Epoch epoch)
    {
        if (_open.TryGetValue(epoch, out EpochLogs? known)) return known;
        if (!layout.Disk.FolderExists(layout.EpochFolder(epoch))) throw new SegmentMissingException($"The folder of epoch {epoch} is missing.");
        EpochLogs opened = EpochLogs.Open(layout, epoch);
        EpochLogs kept = _open.GetOrAdd(epoch, opened);
        if (kept != opened) opened.Dispose();
        return kept;
    }

    /// <summary>Bytes of a segment file; an epoch that cannot be opened counts as one segment, so that its damage stays its own.</summary>
    public long SegmentBytesOf(RecordLocation location, LogName log)
    {
        try
        {
            return Get(location.Epoch).Reader(log).Geometry.SegmentBytes;
        }
        catch (LatentDbException e) when (e.IsDamage())
        {
            return long.MaxValue;
        }
    }

    /// <summary>False when the header of the log is damaged or missing.</summary>
    public bool IsReadable(Epoch epoch, LogName log)
    {
        try
        {
            _ = Get(epoch).Reader(log);
            return true;
        }
        catch (LatentDbException e) when (e.IsDamage())
        {
            return false;
        }
    }

    /// <summary>The current epoch shares the readers of its writing logs.</summary>
    public void Add(EpochLogs logs) => _open[logs.Epoch] = logs;

    /// <summary>Drops what the ciphers derived from a key that is about to be erased.</summary>
    public void Forget(DataKey key)
    {
        foreach (EpochLogs logs in _open.Values) logs.Forget(key);
    }

    public void Dispose()
    {
        foreach (EpochLogs logs in _open.Values) logs.Dispose();
        _open.Clear();
    }
}
