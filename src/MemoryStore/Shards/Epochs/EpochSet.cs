using System.Collections.Concurrent;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>The logs of all epochs of a shard that hold data, for reading. Earlier epochs are opened when first read.</summary>
internal sealed class EpochSet(ShardLayout layout) : IDisposable
{
    private readonly ConcurrentDictionary<Epoch, EpochLogs> _open = new();

    public EpochLogs Get(Epoch epoch)
    {
        if (_open.TryGetValue(epoch, out EpochLogs? known)) return known;
        if (!layout.Disk.FolderExists(layout.EpochFolder(epoch))) throw new LatentDbException(ErrorCode.DataDamaged, $"The folder of epoch {epoch} is missing.");
        EpochLogs opened = EpochLogs.Open(layout, epoch);
        EpochLogs kept = _open.GetOrAdd(epoch, opened);
        if (kept != opened) opened.Dispose();
        return kept;
    }

    /// <summary>The current epoch shares the readers of its writing logs.</summary>
    public void Add(EpochLogs logs) => _open[logs.Epoch] = logs;

    public void Close(Epoch epoch)
    {
        if (_open.TryRemove(epoch, out EpochLogs? logs)) logs.Dispose();
    }

    public void Dispose()
    {
        foreach (EpochLogs logs in _open.Values) logs.Dispose();
        _open.Clear();
    }
}
