using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Shards.Staging;

/// <summary>
/// Where running transactions began in the logs of the current epoch: what they have staged is named by nobody yet, so compaction must not take
/// anything from there on for garbage.
/// </summary>
internal sealed class OpenStagings
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Start> _open = new();

    /// <summary>Holds the logs from these addresses on until it is disposed of.</summary>
    public IDisposable Begin(long manifestAddress, long blockAddress)
    {
        lock (_lock) return new Holder(this, _open.AddLast(new Start(manifestAddress, blockAddress)));
    }

    /// <summary>The lowest address that is held in a log, or the given one when that is lower.</summary>
    public long Floor(LogName log, long otherwise)
    {
        lock (_lock)
        {
            long floor = otherwise;
            foreach (Start start in _open) floor = Math.Min(floor, log == LogName.Manifest ? start.Manifest : start.Blocks);
            return floor;
        }
    }

    private readonly record struct Start(long Manifest, long Blocks);

    private sealed class Holder(OpenStagings owner, LinkedListNode<Start> node) : IDisposable
    {
        private bool _isGivenBack;

        public void Dispose()
        {
            lock (owner._lock)
            {
                if (_isGivenBack) return;
                _isGivenBack = true;
                owner._open.Remove(node);
            }
        }
    }
}
