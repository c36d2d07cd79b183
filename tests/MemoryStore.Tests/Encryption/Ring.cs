using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Encryption.Slots;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Tests.Encryption;

/// <summary>Words for the tests of keyrings.</summary>
internal static class Ring
{
    public const string Folder = "/ep-1";

    public static readonly TenantId Acme = TenantId.Parse("acme");
    public static readonly TenantId Bolt = TenantId.Parse("bolt");

    public static LocalMasterKeys Master(byte seed = 1, string id = "m1") =>
        LocalMasterKeys.Parse($"{id} {Convert.ToBase64String([.. Enumerable.Repeat(seed, 32)])}", "The text");

    public static MemoryUid Uid(int number) => new(new UInt128(0x9E3779B97F4A7C15UL * (ulong)number, (ulong)number + 1));

    /// <summary>Key files of the memories 1 to count - 1, written in one go; every key is zeros.</summary>
    public static async Task FillAsync(IDisk disk, string folder, int count)
    {
        using LocalMasterKeys master = Master();
        TenantKey shardKey = await TenantKey.CreateAsync(master, TenantTable.ShardName, 1, CancellationToken.None);
        TenantKey tenantKey = await TenantKey.CreateAsync(master, Acme.Value, 1, CancellationToken.None);
        var shard = new TenantEntry(TenantTable.ShardIndex, TenantTable.ShardName, [shardKey]);
        var tenant = new TenantEntry(1, Acme.Value, [tenantKey]);
        using var builder = new SlotFilesBuilder(disk, folder);
        byte[] key = new byte[DataKey.Bytes];
        builder.Add(SlotSeal.Wrap(Keyring.ShardUid, shard, key));
        for (int i = 1; i < count; i++) builder.Add(SlotSeal.Wrap(Uid(i), tenant, key));
        builder.Finish();
        TenantFile.Write(disk, folder, TenantTable.Empty.With(shard).With(tenant));
    }

    /// <summary>The same in less time, with keys that do not unwrap.</summary>
    public static async Task FillQuicklyAsync(IDisk disk, string folder, int count)
    {
        await FillAsync(disk, folder, 1);
        using var builder = new SlotFilesBuilder(disk, folder);
        byte[] slot = new byte[KeySlot.Bytes];
        for (int i = 0; i < count; i++)
        {
            new KeySlot(SlotState.Present, TenantTable.ShardIndex, 1, Uid(i)).Write(slot);
            KeySlot.Sealed(slot).Fill((byte)i);
            builder.Add(slot);
        }

        builder.Finish();
    }

    public static Task<Keyring> CreateAsync(TornDisk disk, IMasterKeyProvider? master = null) =>
        Keyring.CreateAsync(disk, Folder, master ?? Master(), CancellationToken.None);

    public static Task<Keyring> OpenAsync(TornDisk disk, IMasterKeyProvider? master = null) =>
        Keyring.OpenAsync(disk, Folder, master ?? Master(), CancellationToken.None);

    public static async Task<byte[]> AddAsync(this Keyring ring, int number, TenantId? tenant = null)
    {
        using DataKey key = await ring.AddAsync(Uid(number), tenant ?? Acme, CancellationToken.None);
        return Secret(key);
    }

    public static Task EraseAsync(this Keyring ring, int number) => ring.EraseAsync(Uid(number), CancellationToken.None);

    public static byte[]? Find(this Keyring ring, int number)
    {
        using DataKey? key = ring.Find(Uid(number));
        return key is null ? null : Secret(key);
    }

    public static KeyState StateOf(this Keyring ring, int number) => ring.StateOf(Uid(number));

    public static byte[] Secret(DataKey key)
    {
        byte[] secret = new byte[DataKey.Bytes];
        key.CopyTo(secret);
        return secret;
    }
}
