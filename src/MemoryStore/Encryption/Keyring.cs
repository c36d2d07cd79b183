using System.Security.Cryptography;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption.Slots;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>
/// The keys of one shard in the folder of one epoch: a data key per memory, wrapped under the key of its tenant, which is wrapped under the master
/// key. Erasing a memory overwrites its slot; nothing can read its frames afterwards, wherever copies of the log are.
/// </summary>
/// <remarks>
/// Thread-safe. A new epoch takes a copy (<see cref="CopyToAsync"/>), and <see cref="Shred"/> overwrites the files of the old one before they are
/// removed, so that a key which is erased later is not left in free blocks of the disk.
/// </remarks>
internal sealed class Keyring : IAsyncDisposable
{
    /// <summary>The uid of the shard's own key: directory, checkpoints, epochs, genesis.</summary>
    public static readonly MemoryUid ShardUid;

    private const int Attempts = 3;

    private readonly IDisk _disk;
    private readonly string _folder;
    private readonly IMasterKeyProvider _master;
    private readonly SlotFiles _files;
    private readonly SlotMap _map;
    private readonly KeyWriter _writer;
    private readonly TenantKeys _tenants;
    private readonly ClockCache<UInt128, DataKey> _unwrapped = new(EncryptionLimits.MaxUnwrappedKeys);

    private Keyring(IDisk disk, string folder, IMasterKeyProvider master, SlotFiles files, SlotMap map, TenantTable table, long damagedCopies)
    {
        _disk = disk;
        _folder = folder;
        _master = master;
        _files = files;
        _map = map;
        _writer = new KeyWriter(files);
        _tenants = new TenantKeys(disk, folder, master, table, _writer.Poison);
        DamagedCopies = damagedCopies;
    }

    /// <summary>Why no more changes are taken; null while they are. Reading goes on.</summary>
    public LatentDbException? Failure => _writer.Failure;

    /// <summary>Copies of slots that did not verify at opening. The next copy of the keyring has none.</summary>
    public long DamagedCopies { get; }

    /// <summary>Slots of which neither copy verifies: each was the key or the mark of some memory.</summary>
    public int LostSlots => _map.LostSlots;

    /// <summary>The memories that were erased and whose marks are still kept.</summary>
    public MemoryUid[] Marks() => _map.Uids(SlotState.Erased);

    /// <summary>The memories that have a key, and the shard itself. Memories whose creation was broken off may be among them: nothing else names those.</summary>
    public MemoryUid[] Memories() => _map.Uids(SlotState.Present);

    /// <summary>How many tenants' keys each master key wraps, by its name.</summary>
    public IReadOnlyDictionary<string, int> MasterKeyUse() =>
        _tenants.Table.Entries.SelectMany(e => e.Keys).GroupBy(k => k.Wrapped.MasterKeyId, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);

    /// <summary>Reads all key files again and unwraps every key. Changes wait for a few milliseconds at a time.</summary>
    public Task<KeyringCheck> CheckAsync(CancellationToken cancellationToken) => new KeyFilesCheck(_files, _map, _writer, _tenants, _disk, _folder).RunAsync(cancellationToken);

    /// <summary>Reads the files of the folder while no slot changes. The table of tenants is to be read last: it grows before slots use it, and shrinks when none does any more.</summary>
    /// <exception cref="LatentDbException">The failure of this keyring, when it has one.</exception>
    public Task ReadFilesAsync(Action<IDisk, string> read, CancellationToken cancellationToken) => _writer.ApplyAsync(_ => read(_disk, _folder), cancellationToken);

    /// <summary>Makes the keyring of a new shard, with the shard's own key. The folder exists; the files are durable with their names.</summary>
    /// <exception cref="LatentDbException">key_unavailable; store_full and store_unavailable are the caller's to make of an IOException.</exception>
    public static async Task<Keyring> CreateAsync(IDisk disk, string folder, IMasterKeyProvider master, CancellationToken cancellationToken)
    {
        TenantKey key = await TenantKey.CreateAsync(master, TenantTable.ShardName, generation: 1, cancellationToken).ConfigureAwait(false);
        var shard = new TenantEntry(TenantTable.ShardIndex, TenantTable.ShardName, [key]);
        return Write(disk, folder, master, builder =>
        {
            Span<byte> dataKey = stackalloc byte[DataKey.Bytes];
            RandomNumberGenerator.Fill(dataKey);
            builder.Add(SlotSeal.Wrap(ShardUid, shard, dataKey));
            CryptographicOperations.ZeroMemory(dataKey);
            return TenantTable.Empty.With(shard);
        });
    }

    /// <summary>Opens the keyring of an epoch. Nothing is written before the first change.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format, key_unavailable.</exception>
    public static async Task<Keyring> OpenAsync(IDisk disk, string folder, IMasterKeyProvider master, CancellationToken cancellationToken)
    {
        TenantTable table = await TenantFile.ReadAsync(disk, folder, master, cancellationToken).ConfigureAwait(false);
        try
        {
            return Load(disk, folder, master, table);
        }
        catch
        {
            table.Erase();
            throw;
        }
    }

    /// <summary>Overwrites the key files of an epoch that nobody reads any more, and removes them. Nothing happens when they are gone.</summary>
    /// <remarks>A power cut in between leaves some of them: call it again. On a disk that never writes in place, old blocks may stay readable.</remarks>
    public static void Shred(IDisk disk, string folder)
    {
        string[] paths = [TenantFile.PathIn(folder), SlotFiles.PathA(folder), SlotFiles.PathB(folder)];
        foreach (string path in paths.Where(disk.FileExists)) Overwrite(disk, path);
        foreach (string path in paths) disk.DeleteFile(path);
        disk.SyncFolder(folder);
    }

    /// <summary>Copies what is live into the folder of a new epoch, durable with its names; every key is then under its tenant's newest key.</summary>
    /// <remarks>Ends the changes of this keyring; finding goes on until it is disposed of.</remarks>
    /// <param name="newFolder">It exists, and has no keys.</param>
    /// <param name="isLive">Given: only the keys of memories that live are copied, and no marks, for an epoch whose log begins after all erasures.</param>
    /// <param name="cancellationToken">Leaves a copy that nobody must use.</param>
    /// <exception cref="LatentDbException">The failure of this keyring, when it has one.</exception>
    public async Task<Keyring> CopyToAsync(string newFolder, Func<MemoryUid, bool>? isLive, CancellationToken cancellationToken)
    {
        await _writer.StopAsync().ConfigureAwait(false);
        if (Failure is LatentDbException failure) throw failure;
        cancellationToken.ThrowIfCancellationRequested();
        var tenants = new HashSet<int> { TenantTable.ShardIndex };
        return Write(_disk, newFolder, _master, builder =>
        {
            _files.Visit(0, _files.Count, (_, content, slot) =>
            {
                if (!IsKept(content, isLive)) return;
                if (content.State == SlotState.Present) tenants.Add(content.Tenant);
                builder.Add(SlotForCopy(content, slot));
            });
            return _tenants.Table.Copy(tenants.Contains);
        });
    }

    /// <summary>Makes a key for a new memory; durable when the task ends. The caller disposes of the key.</summary>
    /// <exception cref="LatentDbException">key_unavailable, store_full, store_unavailable.</exception>
    public async Task<DataKey> AddAsync(MemoryUid uid, TenantId tenant, CancellationToken cancellationToken)
    {
        if (Failure is LatentDbException failure) throw failure;
        await _tenants.EnsureAsync(tenant.Value, cancellationToken).ConfigureAwait(false);
        var key = DataKey.Random(isLasting: true);
        try
        {
            await _writer.ApplyAsync(batch => Add(batch, uid, tenant.Value, key), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            key.Dispose();
            throw;
        }

        return Keep(uid, key);
    }

    /// <summary>The key of a memory; null when it has none, or none any more. The caller disposes of it.</summary>
    /// <exception cref="LatentDbException">data_damaged: its slot, or one that may be its, does not verify in either copy.</exception>
    public DataKey? Find(MemoryUid uid)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            if (StateOf(uid) != KeyState.Present) return null;
            if (_unwrapped.Find(uid.Value) is DataKey known && known.TryShare()) return known;
            if (TryUnwrap(uid) is DataKey key) return Keep(uid, key);
        }

        throw new LatentDbException(ErrorCode.DataDamaged, $"The key of memory {uid} is damaged in both key files; its text cannot be read.");
    }

    /// <exception cref="LatentDbException">data_damaged: it is not found, and a slot that may be its does not verify in either copy.</exception>
    public KeyState StateOf(MemoryUid uid)
    {
        if (_map.Find(uid) is SlotPlace place) return place.State == SlotState.Present ? KeyState.Present : KeyState.Erased;
        if (_map.LostSlots == 0) return KeyState.Unknown;
        throw new LatentDbException(ErrorCode.DataDamaged, $"The key of memory {uid} is not found, and {_map.LostSlots} slots are damaged in both key files.");
    }

    /// <summary>Returns when the key is overwritten in both files, durable; the memory stays known as erased. May be repeated.</summary>
    /// <exception cref="LatentDbException">store_full, store_unavailable: whether it is erased is not known.</exception>
    public Task EraseAsync(MemoryUid uid, CancellationToken cancellationToken)
    {
        if (uid == ShardUid) throw new InvalidOperationException("The shard's own key is not erased: nothing of the shard could be read.");
        return _writer.ApplyAsync(batch => Erase(batch, uid), cancellationToken);
    }

    /// <summary>Frees the slots of erased memories, when no log has frames of them any more. Others are left alone.</summary>
    public Task ForgetMarksAsync(IReadOnlyCollection<MemoryUid> uids, CancellationToken cancellationToken) => _writer.ApplyAsync(
        batch =>
        {
            foreach (MemoryUid uid in uids) Forget(batch, uid);
        },
        cancellationToken);

    /// <summary>Frees the slots that are lost, when it is known that no memory of the shard is missing its key.</summary>
    public Task ForgetLostAsync(CancellationToken cancellationToken) => _writer.ApplyAsync(
        batch =>
        {
            foreach (int slot in _map.Lost()) PutWithoutKey(batch, slot, KeySlot.Free);
        },
        cancellationToken);

    /// <summary>
    /// Gives a tenant a new key and rewraps its memories' keys under it; afterwards the old one is nowhere. Only the first memories of new tenants wait
    /// meanwhile. Cancelled, it leaves both keys, and the next rotation or copy ends it.
    /// </summary>
    public Task RotateTenantAsync(TenantId tenant, CancellationToken cancellationToken) => RotateAsync(tenant.Value, cancellationToken);

    /// <summary>The same for the key that wraps the shard's own key.</summary>
    public Task RotateShardAsync(CancellationToken cancellationToken) => RotateAsync(TenantTable.ShardName, cancellationToken);

    /// <summary>Wraps the tenants' keys under the provider's current master key; afterwards no other one opens this keyring.</summary>
    public Task RotateMasterAsync(CancellationToken cancellationToken) => _tenants.RewrapAsync(cancellationToken);

    /// <summary>Ends the changes; finding goes on until it is disposed of.</summary>
    public Task StopAsync() => _writer.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync().ConfigureAwait(false);
        _unwrapped.Dispose();
        _tenants.Dispose();
        _files.Dispose();
    }

    /// <summary>Writes the files of a new folder and opens them, which checks what was written. The table that <paramref name="fill"/> gives is owned.</summary>
    private static Keyring Write(IDisk disk, string folder, IMasterKeyProvider master, Func<SlotFilesBuilder, TenantTable> fill)
    {
        TenantTable table = TenantTable.Empty;
        try
        {
            using (var builder = new SlotFilesBuilder(disk, folder))
            {
                table = fill(builder);
                builder.Finish();
            }

            TenantFile.Write(disk, folder, table);
            return Load(disk, folder, master, table);
        }
        catch
        {
            table.Erase();
            throw;
        }
    }

    private static Keyring Load(IDisk disk, string folder, IMasterKeyProvider master, TenantTable table)
    {
        SlotFiles files = SlotFiles.Open(disk, folder);
        try
        {
            var map = new SlotMap(files.Count);
            long damaged = files.Visit(0, files.Count, (number, content, _) =>
            {
                if (!map.Set(number, content)) throw new LatentDbException(ErrorCode.DataDamaged, $"Memory {content.Uid} has two key slots; {number} is the second.");
            });
            return new Keyring(disk, folder, master, files, map, table, damaged);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    private static bool IsKept(KeySlot content, Func<MemoryUid, bool>? isLive) => content.State switch
    {
        SlotState.Free => false,
        SlotState.Lost => true,
        SlotState.Erased => isLive is null,
        _ => isLive is null || content.Uid == ShardUid || isLive(content.Uid),
    };

    private static void Overwrite(IDisk disk, string path)
    {
        using IDiskFile file = disk.Open(path, DiskAccess.Write);
        byte[] zeros = new byte[1 << 20];
        long length = file.Length;
        for (long at = 0; at < length; at += zeros.Length) file.Write(zeros.AsSpan(0, (int)Math.Min(zeros.Length, length - at)), at);
        file.Sync();
    }

    private void Add(SlotBatch batch, MemoryUid uid, string tenant, DataKey key)
    {
        if (_map.Find(uid) is not null) throw new InvalidOperationException($"Memory {uid} has a key slot already.");
        TenantEntry entry = _tenants.Table.Find(tenant)!;
        Span<byte> secret = stackalloc byte[DataKey.Bytes];
        key.CopyTo(secret);
        byte[] slot = SlotSeal.Wrap(uid, entry, secret);
        CryptographicOperations.ZeroMemory(secret);
        int number = Allocate(batch);
        Put(batch, number, slot, new KeySlot(SlotState.Present, entry.Index, entry.Newest.Generation, uid));
    }

    private void Erase(SlotBatch batch, MemoryUid uid)
    {
        SlotPlace? place = _map.Find(uid);
        if (place?.State == SlotState.Erased) return;
        PutWithoutKey(batch, place?.Slot ?? Allocate(batch), KeySlot.Erased(uid));
        _unwrapped.Remove(uid.Value);
    }

    private void Forget(SlotBatch batch, MemoryUid uid)
    {
        if (_map.Find(uid) is { State: SlotState.Erased } place) PutWithoutKey(batch, place.Slot, KeySlot.Free);
    }

    private async Task RotateAsync(string tenant, CancellationToken cancellationToken)
    {
        if (Failure is LatentDbException failure) throw failure;
        await _tenants.RotateAsync(tenant, index => RewrapAllAsync(index, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Slots that are added meanwhile are under the newest key already, wherever they stand.</summary>
    private async Task RewrapAllAsync(int tenant, CancellationToken cancellationToken)
    {
        for (int from = 0; from < _map.Count; from += EncryptionLimits.SlotsRewrappedTogether)
        {
            int first = from;
            await _writer.ApplyAsync(batch => Rewrap(batch, first, _tenants.Table.Find(tenant)!), cancellationToken).ConfigureAwait(false);
        }
    }

    private void Rewrap(SlotBatch batch, int from, TenantEntry tenant)
    {
        _files.Visit(from, Math.Min(from + EncryptionLimits.SlotsRewrappedTogether, _files.Count), (number, content, slot) =>
        {
            if (batch.Find(number) is byte[] changed) KeySlot.TryRead(slot = changed, number, out content);
            if (content.State != SlotState.Present || content.Tenant != tenant.Index || content.Generation == tenant.Newest.Generation) return;
            if (SlotSeal.Rewrap(content, slot, tenant) is byte[] rewrapped) Put(batch, number, rewrapped, content);
        });
    }

    /// <summary>A key that does not unwrap is copied as it is: asking for it is data_damaged, before as after.</summary>
    private byte[] SlotForCopy(KeySlot content, ReadOnlySpan<byte> slot)
    {
        if (content.State == SlotState.Lost) return KeySlot.Lost.ToBytes(0);
        if (content.State != SlotState.Present) return slot.ToArray();
        TenantEntry? tenant = _tenants.Table.Find(content.Tenant);
        if (tenant is null || tenant.Newest.Generation == content.Generation) return slot.ToArray();
        return SlotSeal.Rewrap(content, slot, tenant) ?? slot.ToArray();
    }

    private DataKey? TryUnwrap(MemoryUid uid)
    {
        Span<byte> slot = stackalloc byte[KeySlot.Bytes];
        Span<byte> secret = stackalloc byte[DataKey.Bytes];
        if (_map.Find(uid) is not SlotPlace place || !_files.TryRead(place.Slot, slot, out KeySlot content)) return null;
        if (content.State != SlotState.Present || content.Uid != uid) return null;
        if (_tenants.Table.Find(content.Tenant)?.Find(content.Generation) is not TenantKey tenant) return null;
        try
        {
            return SlotSeal.TryUnwrap(slot, tenant, secret) ? DataKey.FromBytes(secret, isLasting: true) : null;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>Keeps a key for the next caller, unless its memory was erased meanwhile.</summary>
    private DataKey Keep(MemoryUid uid, DataKey key)
    {
        _unwrapped.Add(uid.Value, key.Share());
        if (_map.Find(uid) is not { State: SlotState.Present }) _unwrapped.Remove(uid.Value);
        return key;
    }

    private int Allocate(SlotBatch batch)
    {
        if (_map.TakeFree() is int free) return free;
        int from = _map.Count;
        int to = Math.Min(SlotGrowth.After(from), EncryptionLimits.MaxSlots);
        if (from == to) throw new LatentDbException(ErrorCode.StoreFull, $"The shard has {to} keys and takes no more.");
        batch.Grow(from, to);
        _map.Grow(to);
        return _map.TakeFree()!.Value;
    }

    private void PutWithoutKey(SlotBatch batch, int number, KeySlot content) => Put(batch, number, content.ToBytes(number), content);

    private void Put(SlotBatch batch, int number, byte[] slot, KeySlot content)
    {
        KeySlot.Finish(slot, number);
        batch.Put(number, slot);
        if (!_map.Set(number, content)) throw new InvalidOperationException($"Memory {content.Uid} would have two key slots.");
    }
}
