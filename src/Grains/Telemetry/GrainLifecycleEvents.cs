using LatentDb.MemoryStore.Identity;

namespace LatentDb.Grains.Telemetry;

/// <summary>Tells what happens to grains; raised under the table's lock, so handlers only note and signal.</summary>
internal sealed class GrainLifecycleEvents
{
#pragma warning disable MA0046 // The sender is the one table; the key is all there is to tell.
    public event Action<MemoryKey>? Activated;

    public event Action<MemoryKey>? Deactivated;
#pragma warning restore MA0046

    public void OnActivated(MemoryKey key) => Activated?.Invoke(key);

    public void OnDeactivated(MemoryKey key) => Deactivated?.Invoke(key);
}
