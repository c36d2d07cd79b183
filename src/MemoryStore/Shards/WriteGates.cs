using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Shards;

/// <summary>One writer at a time for each memory. Two memories may share a gate, which costs time and nothing else; no one holds two.
/// Whoever also needs the gate of places (<see cref="Shard.PlacesGate"/>) takes it second.</summary>
internal sealed class WriteGates
{
    private const int Count = 1024;

    private readonly Gate[] _gates = [.. Enumerable.Range(0, Count).Select(_ => new Gate())];

    public async ValueTask<IDisposable> EnterAsync(MemoryKey key, CancellationToken cancellationToken)
    {
        Gate gate = _gates[(uint)key.GetHashCode() % Count];
        await gate.Semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        return gate;
    }

    /// <summary>Returns when everybody who was inside when it was called has left.</summary>
    public async Task DrainAsync()
    {
        foreach (Gate gate in _gates)
        {
            await gate.Semaphore.WaitAsync().ConfigureAwait(false);
            gate.Dispose();
        }
    }

    private sealed class Gate : IDisposable
    {
        public SemaphoreSlim Semaphore { get; } = new(1, 1);

        /// <summary>Leaves the gate.</summary>
        public void Dispose() => Semaphore.Release();
    }
}
