using LatentDb.Grains.Memories;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Grains.Hosting;

/// <summary>A grain in memory with its queue of writes. The counts are guarded by the table's lock.</summary>
internal sealed class Activation(MemoryKey key, MemoryGrain grain, int maxWaitingWrites) : IDisposable
{
    public MemoryKey Key { get; } = key;

    public MemoryGrain Grain { get; } = grain;

    public TurnQueue Writes { get; } = new(maxWaitingWrites);

    /// <summary>Calls that run or wait now; an activation with calls is never put away.</summary>
    public int Calls { get; set; }

    /// <summary>Timestamp of the end of the last call.</summary>
    public long LastUsed { get; set; }

    /// <summary>Its place in the order of idleness; null while it has calls.</summary>
    public LinkedListNode<Activation>? Idle { get; set; }

    public void Dispose()
    {
        Writes.Dispose();
        Grain.Dispose();
    }
}
