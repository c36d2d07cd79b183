using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Contracts;

/// <summary>The door to all memories: finds the one grain that may write a memory, wherever it runs. Thread-safe.</summary>
public interface IGrainHost
{
    /// <summary>A handle to the grain of that memory; costs nothing, the grain is activated by its first call.</summary>
    IMemoryGrain GetMemory(MemoryKey key);

    /// <summary>Up to <paramref name="limit"/> memories of a tenant in order of id, after <paramref name="after"/> (exclusive).</summary>
    Task<ImmutableArray<MemorySummary>> ListMemoriesAsync(TenantId tenant, int limit, MemoryId? after, CancellationToken cancellationToken);
}
