using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>The keys of a shard's tenants, in RAM and in their file. Changes go one after the other; reading takes no lock.</summary>
internal sealed class TenantKeys : IDisposable
{
    private readonly IDisk _disk;
    private readonly string _folder;
    private readonly IMasterKeyProvider _master;
    private readonly Func<Exception, LatentDbException> _poison;
    private readonly SemaphoreSlim _turn = new(1);
    private TenantTable _table;

    /// <param name="disk">Where the file is.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="master">Wraps the keys.</param>
    /// <param name="table">What the file says; owned.</param>
    /// <param name="poison">Told when the file could not be written: the keyring must take no more changes.</param>
    public TenantKeys(IDisk disk, string folder, IMasterKeyProvider master, TenantTable table, Func<Exception, LatentDbException> poison)
    {
        _disk = disk;
        _folder = folder;
        _master = master;
        _table = table;
        _poison = poison;
    }

    public TenantTable Table => Volatile.Read(ref _table);

    /// <summary>Returns when that tenant has a key, durable.</summary>
    /// <exception cref="LatentDbException">key_unavailable, store_full, store_unavailable.</exception>
    public async ValueTask EnsureAsync(string tenant, CancellationToken cancellationToken)
    {
        if (Table.Find(tenant) is not null) return;
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_table.Find(tenant) is not null) return;
            TenantKey key = await TenantKey.CreateAsync(_master, tenant, generation: 1, cancellationToken).ConfigureAwait(false);
            Replace(_table.With(new TenantEntry(_table.NextIndex, tenant, [key])));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Gives a tenant a new key, has every slot rewrapped under it, and drops the old ones. Nothing happens for a tenant without keys.</summary>
    /// <param name="tenant">Its name; empty for the shard itself.</param>
    /// <param name="rewrap">Returns when no slot of the tenant with that index is wrapped under an older key, durable.</param>
    /// <param name="cancellationToken">Leaves the rotation where it is: both keys stay, and the next rotation or opening ends it.</param>
    public async Task RotateAsync(string tenant, Func<int, Task> rewrap, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_table.Find(tenant) is not TenantEntry before) return;
            TenantKey key = await TenantKey.CreateAsync(_master, tenant, before.Newest.Generation + 1, cancellationToken).ConfigureAwait(false);
            TenantEntry during = before with { Keys = before.Keys.Add(key) };
            Replace(_table.With(during));
            await rewrap(during.Index).ConfigureAwait(false);
            Replace(_table.With(during with { Keys = [key] }));
            foreach (TenantKey old in before.Keys) old.Key.Dispose();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Wraps every key under the provider's current master key; afterwards the file needs no other one.</summary>
    public async Task RewrapAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            TenantEntry[] entries = [.. _table.Entries];
            var options = new ParallelOptions { MaxDegreeOfParallelism = EncryptionLimits.CallsAtOnce, CancellationToken = cancellationToken };
            await Parallel.ForAsync(0, entries.Length, options, async (i, token) =>
            {
                var keys = new List<TenantKey>(entries[i].Keys.Length);
                foreach (TenantKey key in entries[i].Keys) keys.Add(await key.RewrapAsync(_master, entries[i].Name, token).ConfigureAwait(false));
                entries[i] = entries[i] with { Keys = [.. keys] };
            }).ConfigureAwait(false);
            Replace(entries.Aggregate(_table, (table, entry) => table.With(entry)));
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        Table.Erase();
        _turn.Dispose();
    }

    private void Replace(TenantTable table)
    {
        try
        {
            TenantFile.Write(_disk, _folder, table);
        }
#pragma warning disable CA1031 // Nobody knows which of the two files is there now, so nothing may be built upon either.
        catch (Exception e)
#pragma warning restore CA1031
        {
            throw _poison(e);
        }

        Volatile.Write(ref _table, table);
    }
}
