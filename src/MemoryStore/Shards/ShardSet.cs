using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards.Ownership;

namespace LatentDb.MemoryStore.Shards;

/// <summary>The shards of a data folder that are open in this process: all of them, or those that it has leases for. Thread-safe.</summary>
internal sealed class ShardSet : IAsyncDisposable
{
    private const string MasterKeyFile = "master.key";

    private readonly ShardMap _map;
    private readonly ShardSlot?[] _slots;
    private readonly SemaphoreSlim[] _gates;
    private readonly SpaceGuard _space;
    private readonly RetiredSlots _retired;

    private ShardSet(string root, ShardMap map, ShardSettings settings, SpaceGuard space, MasterKeySource master)
    {
        Root = root;
        _map = map;
        _slots = new ShardSlot?[map.Count];
        _gates = [.. Enumerable.Range(0, map.Count).Select(_ => new SemaphoreSlim(1, 1))];
        _space = space;
        _retired = new RetiredSlots(settings.Time);
        Settings = settings;
        MasterKeys = master;
    }

    public ShardSettings Settings { get; }

    /// <summary>Full path of the data folder.</summary>
    public string Root { get; }

    /// <summary>What wraps the keys of all shards.</summary>
    public MasterKeySource MasterKeys { get; }

    /// <summary>The shards that this process serves now, by number.</summary>
    public IEnumerable<Shard> Shards
    {
        get
        {
            for (int i = 0; i < _slots.Length; i++)
            {
                if (Find(new ShardId(i)) is Shard shard) yield return shard;
            }
        }
    }

    /// <summary>Shards of the data folder, open here or not.</summary>
    public int Count => _slots.Length;

    /// <summary>Names of the master keys that wrap something.</summary>
    public IEnumerable<string> MasterKeysInUse => Shards.SelectMany(shard => shard.Keys.Keyring.MasterKeyUse().Keys).Distinct(StringComparer.Ordinal);

    /// <summary>Opens the data folder, and with it all shards, unless they are opened one by one because others have the folder open too.</summary>
    /// <exception cref="LatentDbException">
    /// shard_locked, data_damaged, unsupported_format, configuration_invalid, key_unavailable, store_full, store_unavailable.
    /// </exception>
    public static async Task<ShardSet> OpenAsync(string data, int shards, ShardSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            ShardSet set = OpenFolder(data, shards, settings);
            if (!settings.IsShared) await set.OpenAllAsync(cancellationToken).ConfigureAwait(false);
            set._space.TakeBallast();
            return set;
        }
        catch (IOException e)
        {
            throw DurableFile.ToStoreError(e, "Opening the store");
        }
    }

    /// <summary>Opens one shard, for whoever has its lease. Nothing happens when it is open.</summary>
    /// <exception cref="LatentDbException">
    /// stale_owner when another silo came first; shard_locked, data_damaged, unsupported_format, key_unavailable, store_full, store_unavailable.
    /// </exception>
    public async Task OpenAsync(ShardId id, ShardLease? lease, CancellationToken cancellationToken)
    {
        await _gates[id.Value].WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_slots[id.Value] is not null) return;
            var layout = new ShardLayout(Settings.Disk, Path.Combine(Root, id.ToString()));
            Volatile.Write(ref _slots[id.Value], await ShardSlot.OpenAsync(id, layout, Settings, MasterKeys, lease, cancellationToken).ConfigureAwait(false));
        }
        catch (IOException e)
        {
            throw DurableFile.ToStoreError(e, $"Opening {id}");
        }
        finally
        {
            _gates[id.Value].Release();
        }
    }

    /// <summary>Closes one shard: when the task ends, nothing more is written to it, and its lease may be given back. What is being read goes on for a while.</summary>
    /// <returns>False when the disk hangs, so that nobody can say what is still being written: the lease must run out by itself.</returns>
    public async Task<bool> CloseAsync(ShardId id)
    {
        await _gates[id.Value].WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (Interlocked.Exchange(ref _slots[id.Value], null) is not ShardSlot slot) return true;
            bool isQuiet = await slot.StopWritingAsync().ConfigureAwait(false);
            _retired.Add(slot);
            return isQuiet;
        }
        finally
        {
            _gates[id.Value].Release();
        }
    }

    /// <summary>The open shard of that number; null when this process does not serve it.</summary>
    public Shard? Find(ShardId id) => Volatile.Read(ref _slots[id.Value]) is { IsHeld: true, IsServable: true } slot ? slot.Current : null;

    /// <summary>True while the shard is open here and its lease is held, also while it is not served because copies of it are missing.</summary>
    public bool IsHeld(ShardId id) => Volatile.Read(ref _slots[id.Value]) is { IsHeld: true };

    /// <exception cref="LatentDbException">not_owner: the memory's shard is not open here; not_enough_copies; nothing was done.</exception>
    public Shard ShardOf(MemoryKey key)
    {
        ShardId id = _map.ShardOf(key);
        return Find(id) ?? throw (IsHeld(id) ? NotServed(id) : ShardOwnership.NotOwner(id));
    }

    /// <summary>Reads the files of the data folder itself again; for each that is not as it was written, its name and what is wrong.</summary>
    public IEnumerable<(string File, string Message)> CheckFiles()
    {
        if (Failing(() => _ = ShardMap.Open(Settings.Disk, Root, Count)) is string map) yield return (ShardMap.FileName, map);
        if (Failing(() => _ = MasterKeys.Read(MasterKeysInUse)) is string keys) yield return (MasterKeyFile, keys);
    }

    public async ValueTask DisposeAsync()
    {
        for (int i = 0; i < _slots.Length; i++)
        {
            if (Interlocked.Exchange(ref _slots[i], null) is ShardSlot slot) await slot.DisposeAsync().ConfigureAwait(false);
        }

        await _retired.DisposeAsync().ConfigureAwait(false);
        foreach (SemaphoreSlim gate in _gates) gate.Dispose();
    }

    private static LatentDbException NotServed(ShardId id) =>
        new(ErrorCode.NotEnoughCopies, $"{id} is open, and is served as soon as other silos have what it holds.") { RetryAfter = StoreLimits.OwnerRetryAfter };

    private async Task OpenAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (int i = 0; i < Count; i++) await OpenAsync(new ShardId(i), lease: null, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static ShardSet OpenFolder(string data, int shards, ShardSettings settings)
    {
        string root = Path.GetFullPath(data);

        // A store that this program cannot read is refused before anybody is asked for its keys; a new one has its keys before it exists.
        ShardMap? known = ShardMap.Exists(settings.Disk, root) ? ShardMap.Open(settings.Disk, root, shards) : null;
        MasterKeySource master = new(() => ReadMasterKeys(root, settings, isNewStore: false), ReadMasterKeys(root, settings, isNewStore: known is null));
        ShardMap map = known ?? ShardMap.Open(settings.Disk, root, shards);
        var space = new SpaceGuard(settings.Disk, root, settings.ReserveBytes, settings.Time);
        space.Begin();
        return new ShardSet(root, map, settings with { Manifests = new ManifestCache(StoreLimits.MaxCachedRuns), Space = space }, space, master);
    }

    public static IMasterKeyProvider ReadMasterKeys(string root, ShardSettings settings, bool isNewStore) =>
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
