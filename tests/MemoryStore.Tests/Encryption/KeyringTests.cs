using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Encryption.Slots;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Tests.Encryption;

public sealed class KeyringTests
{
    private const string NextFolder = "/ep-2";

    private readonly TornDisk _disk = new();

    [Fact]
    public async Task A_key_is_the_same_for_every_reader_and_after_opening_again()
    {
        byte[] first, second, shard;
        await using (Keyring ring = await Ring.CreateAsync(_disk))
        {
            first = await ring.AddAsync(1);
            second = await ring.AddAsync(2, Ring.Bolt);
            using DataKey shardKey = ring.Find(Keyring.ShardUid)!;
            shard = Ring.Secret(shardKey);
            Assert.Equal(first, ring.Find(1));
        }

        await using Keyring opened = await Ring.OpenAsync(_disk);

        Assert.Equal(first, opened.Find(1));
        Assert.Equal(second, opened.Find(2));
        Assert.NotEqual(first, second);
        using DataKey again = opened.Find(Keyring.ShardUid)!;
        Assert.Equal(shard, Ring.Secret(again));
        Assert.Equal(0, opened.DamagedCopies);
    }

    [Fact]
    public async Task A_memory_is_unknown_then_present_then_erased_then_unknown()
    {
        await using Keyring ring = await Ring.CreateAsync(_disk);
        Assert.Equal(KeyState.Unknown, ring.StateOf(1));
        Assert.Null(ring.Find(1));

        await ring.AddAsync(1);
        Assert.Equal(KeyState.Present, ring.StateOf(1));

        await ring.EraseAsync(1);
        Assert.Equal(KeyState.Erased, ring.StateOf(1));
        Assert.Null(ring.Find(1));
        Assert.Equal([Ring.Uid(1)], ring.Marks());

        await ring.ForgetMarksAsync([Ring.Uid(1), Ring.Uid(2)], CancellationToken.None);
        Assert.Equal(KeyState.Unknown, ring.StateOf(1));
    }

    [Fact]
    public async Task An_erased_mark_outlives_opening_and_copying()
    {
        await using (Keyring ring = await Ring.CreateAsync(_disk))
        {
            await ring.AddAsync(1);
            await ring.EraseAsync(1);
            await ring.EraseAsync(1);
        }

        await using Keyring opened = await Ring.OpenAsync(_disk);
        await using Keyring copy = await opened.CopyToAsync(NextFolder, isLive: null, CancellationToken.None);

        Assert.Equal(KeyState.Erased, opened.StateOf(1));
        Assert.Equal(KeyState.Erased, copy.StateOf(1));
    }

    [Fact]
    public async Task Erasing_leaves_no_byte_of_the_wrapped_key_in_any_file()
    {
        await using Keyring ring = await Ring.CreateAsync(_disk);
        for (int i = 1; i <= 50; i++) await ring.AddAsync(i);
        byte[] wrapped = WrappedBytes(Ring.Uid(25).Value);
        Assert.Equal(2, Count(wrapped));

        await ring.EraseAsync(25);

        // Any eight bytes in a row: not even a part of it is left.
        for (int at = 0; at + 8 <= wrapped.Length; at++) Assert.Equal(0, Count(wrapped.AsSpan(at, 8).ToArray()));
        Assert.NotNull(ring.Find(24));
    }

    [Fact]
    public async Task Shredding_overwrites_before_it_removes()
    {
        await using Keyring ring = await Ring.CreateAsync(_disk);
        await ring.AddAsync(1);
        _disk["/other"] = [1];
        TornDisk early = _disk.Clone();
        early.OperationsLeft = 6;

        Keyring.Shred(_disk, Ring.Folder);
        Keyring.Shred(_disk, Ring.Folder);
        Keyring.Shred(early, Ring.Folder);

        Assert.Equal(["/other"], _disk.Paths);
        Assert.Equal(["/other"], early.Paths);
    }

    [Fact]
    public async Task A_copy_has_the_same_keys_and_the_source_takes_no_more_changes()
    {
        await using Keyring ring = await Ring.CreateAsync(_disk);
        byte[][] keys = new byte[100][];
        for (int i = 0; i < keys.Length; i++) keys[i] = await ring.AddAsync(i + 1, i % 2 == 0 ? Ring.Acme : Ring.Bolt);
        await ring.EraseAsync(1);

        await using Keyring copy = await ring.CopyToAsync(NextFolder, isLive: null, CancellationToken.None);

        for (int i = 1; i < keys.Length; i++) Assert.Equal(keys[i], copy.Find(i + 1));
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => ring.AddAsync(1000));
        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        Assert.Equal(keys[5], ring.Find(6));
        await copy.AddAsync(1000);
    }

    [Fact]
    public async Task A_copy_of_the_living_has_their_keys_the_shards_own_and_no_marks()
    {
        await using Keyring ring = await Ring.CreateAsync(_disk);
        byte[] living = await ring.AddAsync(1);
        await ring.AddAsync(2, Ring.Bolt);
        await ring.AddAsync(3);
        await ring.EraseAsync(3);

        await using Keyring copy = await ring.CopyToAsync(NextFolder, uid => uid == Ring.Uid(1), CancellationToken.None);

        Assert.Equal(living, copy.Find(1));
        Assert.Equal([Keyring.ShardUid, Ring.Uid(1)], copy.Memories());
        Assert.Empty(copy.Marks());
        Assert.Equal(["", "acme"], TenantFile.Decode(_disk[TenantFile.PathIn(NextFolder)]).Keys.Select(k => k.Tenant));
    }

    [Fact]
    public async Task Concurrent_callers_share_syncs_and_each_gets_its_own_key()
    {
        await using Keyring ring = await Ring.CreateAsync(_disk);
        await ring.AddAsync(1);
        int before = _disk.Syncs;

        byte[][] keys = await Task.WhenAll(Enumerable.Range(2, 500).Select(i => Task.Run(() => ring.AddAsync(i))));

        Assert.True(_disk.Syncs - before < 500, $"{_disk.Syncs - before} syncs for 500 changes");
        Assert.Equal(keys.Length, keys.Select(Convert.ToHexString).Distinct(StringComparer.Ordinal).Count());
        await using Keyring opened = await Ring.OpenAsync(_disk.AfterPowerCut((_, _) => SectorFate.Lost));
        for (int i = 0; i < keys.Length; i++) Assert.Equal(keys[i], opened.Find(i + 2));
    }

    [Fact]
    public async Task A_key_that_was_pushed_out_of_the_cache_is_unwrapped_again()
    {
        const int Memories = EncryptionLimits.MaxUnwrappedKeys + 100;
        await Ring.FillAsync(_disk, Ring.Folder, Memories);
        await using Keyring ring = await Ring.OpenAsync(_disk);
        byte[] first = await ring.AddAsync(Memories);

        for (int i = 1; i < Memories; i++) Assert.NotNull(ring.Find(i));

        Assert.Equal(first, ring.Find(Memories));
        Assert.Equal(new byte[DataKey.Bytes], ring.Find(1));
    }

    [Fact]
    public async Task A_slot_that_was_freed_is_taken_again()
    {
        await using Keyring ring = await Ring.CreateAsync(_disk);
        for (int i = 1; i <= 40; i++) await ring.AddAsync(i);
        int length = _disk[SlotFiles.PathA(Ring.Folder)].Length;

        for (int round = 0; round < 200; round++)
        {
            await ring.AddAsync(1000 + round);
            await ring.EraseAsync(1000 + round);
            await ring.ForgetMarksAsync([Ring.Uid(1000 + round)], CancellationToken.None);
        }

        Assert.Equal(length, _disk[SlotFiles.PathA(Ring.Folder)].Length);
    }

    [Fact]
    public async Task Adding_a_memory_twice_or_erasing_the_shard_is_a_defect_of_the_caller_and_harms_nobody()
    {
        await using Keyring ring = await Ring.CreateAsync(_disk);
        byte[] key = await ring.AddAsync(1);

        await Assert.ThrowsAsync<InvalidOperationException>(() => ring.AddAsync(1));
        await Assert.ThrowsAsync<InvalidOperationException>(() => ring.EraseAsync(Keyring.ShardUid, CancellationToken.None));

        Assert.Equal(key, ring.Find(1));
        await ring.AddAsync(2);
    }

    [Fact]
    public async Task Neither_master_nor_tenant_nor_data_key_is_in_the_files()
    {
        await using Keyring ring = await Ring.CreateAsync(_disk);
        byte[] key = await ring.AddAsync(1);

        Assert.Equal(0, Count(key));
        Assert.Equal(0, Count([.. Enumerable.Repeat((byte)1, 32)]));
    }

    private byte[] WrappedBytes(UInt128 uid)
    {
        byte[] file = _disk[SlotFiles.PathA(Ring.Folder)];
        for (int number = 0; ; number++)
        {
            Span<byte> slot = file.AsSpan((int)SlotFile.OffsetOf(number), KeySlot.Bytes);
            if (KeySlot.TryRead(slot, number, out KeySlot content) && content.Uid.Value == uid) return KeySlot.Sealed(slot)[EncryptionLimits.NonceBytes..].ToArray();
        }
    }

    private int Count(byte[] bytes) => _disk.Paths.Count(path => _disk[path].AsSpan().IndexOf(bytes) >= 0);
}
