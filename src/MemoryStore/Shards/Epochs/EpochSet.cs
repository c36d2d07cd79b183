using System.Collections.Concurrent;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;

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

    /// <summary>The current epoch shares the readers of its writing logs.</summary>
    public void Add(EpochLogs logs) => _open[logs.Epoch] = logs;

    /// <summary>Drops what the ciphers derived from a key that is about to be erased.</summary>
    public void Forget(DataKey key)
    {
        foreach (EpochLogs logs in _open.Values)
        {
            logs.ManifestCipher.Forget(key);
            logs.BlocksCipher.Forget(key);
        }
    }

    public void Dispose()
    {
        foreach (EpochLogs logs in _open.Values) logs.Dispose();
        _open.Clear();
    }
}
