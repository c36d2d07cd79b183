namespace LatentDb.MemoryStore.Hosting;

/// <summary>Where and how the store keeps its data.</summary>
public sealed class MemoryStoreOptions
{
    /// <summary>Folder of the shards; created when missing. Default <c>./data</c>.</summary>
    public string Data { get; set; } = "data";
}
