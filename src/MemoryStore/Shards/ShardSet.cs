using System.Collections.Immutable;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Shards;

/// <summary>The shards open in this process: all of a data folder.</summary>
internal sealed class ShardSet : IAsyncDisposable
{
    private const string MasterKeyFile = "master.key";

    private readonly ShardMap _map;
    private readonly ImmutableArray<ShardSlot> _slots;

    private ShardSet(string root, ShardMap map, ImmutableArray<ShardSlot> slots, ShardSettings settings, MasterKeySource master)
    {
        Root = root;
        _map = map;
        _slots = slots;
        Settings = settings;
        MasterKeys = master;
    }

    public ShardSettings Settings { get; }

    /// <summary>Full path of the data folder.</summary>
    public string Root { get; }

    /// <summary>What wraps the keys of all shards.</summary>
    public MasterKeySource MasterKeys { get; }

    /// <summary>The shards as they are served now, by number.</summary>
    public IEnumerable<Shard> Shards => _slots.Select(slot => slot.Current);

    public int Count => _slots.Length;

    /// <summary>Names of the master keys that wrap something.</summary>
    public IEnumerable<string> MasterKeysInUse => Shards.SelectMany(shard => shard.Keys.Keyring.MasterKeyUse().Keys).Distinct(StringComparer.Ordinal);

    /// <exception cref="LatentDbException">
    /// shard_locked, data_damaged, unsupported_format, configuration_invalid, key_unavailable, store_full, store_unavailable.
    /// </exception>
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

    public Shard ShardOf(MemoryKey key) => _slots[_map.ShardOf(key).Value].Current;

    /// <summary>Reads the files of the data folder itself again; for each that is not as it was written, its name and what is wrong.</summary>
    public IEnumerable<(string File, string Message)> CheckFiles()
    {
        if (Failing(() => _ = ShardMap.Open(Settings.Disk, Root, Count)) is string map) yield return (ShardMap.FileName, map);
        if (Failing(() => _ = MasterKeys.Read(MasterKeysInUse)) is string keys) yield return (MasterKeyFile, keys);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ShardSlot slot in _slots) await slot.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<ShardSet> OpenFolderAsync(string data, int shards, ShardSettings settings, CancellationToken cancellationToken)
    {
        string root = Path.GetFullPath(data);

        // A store that this program cannot read is refused before anybody is asked for its keys; a new one has its keys before it exists.
        ShardMap? known = ShardMap.Exists(settings.Disk, root) ? ShardMap.Open(settings.Disk, root, shards) : null;
        MasterKeySource master = new(() => ReadMasterKeys(root, settings, isNewStore: false), ReadMasterKeys(root, settings, isNewStore: known is null));
        ShardMap map = known ?? ShardMap.Open(settings.Disk, root, shards);
        var space = new SpaceGuard(settings.Disk, root, settings.ReserveBytes, settings.Time);
        ShardSettings own = settings with { Manifests = new ManifestCache(StoreLimits.MaxCachedRuns), Space = space };
        space.Begin();
        var open = ImmutableArray.CreateBuilder<ShardSlot>(map.Count);
        try
        {
            for (int i = 0; i < map.Count; i++)
            {
                var id = new ShardId(i);
                var layout = new ShardLayout(own.Disk, Path.Combine(root, id.ToString()));
                open.Add(await ShardSlot.OpenAsync(id, layout, own, master, cancellationToken).ConfigureAwait(false));
            }
        }
        catch
        {
            foreach (ShardSlot slot in open) await slot.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        space.TakeBallast();
        return new ShardSet(root, map, open.MoveToImmutable(), own, master);
    }

    private static IMasterKeyProvider ReadMasterKeys(string root, ShardSettings settings, bool isNewStore) =>
        settings.MasterKeys
        ?? LocalMasterKeys.FromEnvironment()
        ?? (IMasterKeyProvider)LocalMasterKeys.OpenOrCreate(Path.Combine(root, MasterKeyFile), isNewStore);

    private static string? Failing(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (Exception e) when (e is LatentDbException or IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
