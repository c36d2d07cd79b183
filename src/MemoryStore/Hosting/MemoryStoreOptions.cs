namespace LatentDb.MemoryStore.Hosting;

/// <summary>Where and how the store keeps its data.</summary>
public sealed class MemoryStoreOptions
{
    /// <summary>Folder of the shards; created when missing. Default <c>./data</c>.</summary>
    public string Data { get; set; } = "data";

    /// <summary>Shards of the data folder, fixed when it is made. Default 1: one process, one owner; a cluster uses a power of two.</summary>
    public int Shards { get; set; } = 1;
}
