using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Timeline;

namespace LatentDb.MemoryStore.Tests.Support;

/// <summary>A store on a folder, opened for a test.</summary>
internal sealed class OpenStore : IAsyncDisposable
{
    private readonly MemoryStoreService _service;

    private OpenStore(MemoryStoreService service) => _service = service;

    public MemoryCatalog Catalog => _service.Catalog;

    public ShardSet Shards => _service.Shards;

    public Shard Shard => _service.Shards.Shards.First();

    public static async Task<OpenStore> AtAsync(string folder, ShardSettings? settings = null, int shards = 1)
    {
        var service = new MemoryStoreService(new MemoryStoreOptions { Data = folder, Shards = shards }, settings ?? new ShardSettings());
        try
        {
            await service.StartAsync(CancellationToken.None);
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }

        return new OpenStore(service);
    }

    /// <summary>One shard of a folder that others have open too.</summary>
    public static async Task<OpenStore> SharedAtAsync(string folder, ShardSettings settings, ShardLease lease)
    {
        OpenStore open = await AtAsync(folder, settings);
        try
        {
            await open._service.OpenShardAsync(lease, CancellationToken.None);
            return open;
        }
        catch
        {
            await open.DisposeAsync();
            throw;
        }
    }

    public Task OpenShardAsync(ShardLease lease) => _service.OpenShardAsync(lease, CancellationToken.None);

    public Task CompactAsync() => _service.Compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None);

    public async Task RotateAsync()
    {
        await _service.Keys.RotateTenantAsync(TenantId.Parse("acme"), CancellationToken.None);
        await _service.Keys.RotateShardsAsync(CancellationToken.None);
    }

    public static MemoryKey Key(string memory, string tenant = "acme") => new(TenantId.Parse(tenant), MemoryId.Parse(memory));

    public ValueTask DisposeAsync() => _service.DisposeAsync();
}
