using System.Collections.Immutable;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Shards;

/// <summary>The shards open in this process: all of a data folder.</summary>
internal sealed class ShardSet : IAsyncDisposable
{
    private readonly ShardMap _map;

    private ShardSet(ShardMap map, ImmutableArray<Shard> shards)
    {
        _map = map;
        Shards = shards;
    }

    public ImmutableArray<Shard> Shards { get; }

    /// <exception cref="LatentDbException">shard_locked, data_damaged, unsupported_format, configuration_invalid, store_full, store_unavailable.</exception>
    public static async Task<ShardSet> OpenAsync(string data, int shards, ShardSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenFolderAsync(data, shards, settings, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw DurableFile.ToStoreError(e, "Opening the store");
        }
    }

    public Shard ShardOf(MemoryKey key) => Shards[_map.ShardOf(key).Value];

    public async ValueTask DisposeAsync()
    {
        foreach (Shard shard in Shards) await shard.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<ShardSet> OpenFolderAsync(string data, int shards, ShardSettings settings, CancellationToken cancellationToken)
    {
        string root = Path.GetFullPath(data);
        ShardMap map = ShardMap.Open(settings.Disk, root, shards);
        ShardSettings own = settings with { Manifests = new ManifestCache(StoreLimits.MaxCachedRuns) };
        var open = ImmutableArray.CreateBuilder<Shard>(map.Count);
        try
        {
            for (int i = 0; i < map.Count; i++)
            {
                var id = new ShardId(i);
                open.Add(await ShardRecovery.OpenAsync(id, new ShardLayout(own.Disk, Path.Combine(root, id.ToString())), own, cancellationToken).ConfigureAwait(false));
            }
        }
        catch
        {
            foreach (Shard shard in open) await shard.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return new ShardSet(map, open.MoveToImmutable());
    }
}
