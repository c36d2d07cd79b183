using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore;

namespace LatentDb.Grains.Wire;

/// <summary>What a reader of contracts accepts, whatever the bytes claim; the edge's own limits are lower, so that nothing lawful is refused here.</summary>
internal static class WireLimits
{
    /// <summary>Turns of one conversation: the body of a request ends before.</summary>
    public const int MaxMessages = 100_000;

    /// <summary>Stop strings of a query.</summary>
    public const int MaxStops = 1000;

    /// <summary>Items of a batch.</summary>
    public const int MaxItems = InjectBatchCommand.MaxItems;

    /// <summary>Items of a page.</summary>
    public const int MaxPage = StoreLimits.MaxPageItems;

    /// <summary>Snapshots, versions or blocks of a whole memory: a listing without pages.</summary>
    public const int MaxOfMemory = 1 << 20;

    /// <summary>Shards of a store.</summary>
    public const int MaxShards = StoreLimits.MaxShards;

    /// <summary>Layers of a model.</summary>
    public const int MaxLayers = 4096;

    /// <summary>An array is made this long at first and grows with what is really there.</summary>
    public const int FirstCapacity = 256;
}
