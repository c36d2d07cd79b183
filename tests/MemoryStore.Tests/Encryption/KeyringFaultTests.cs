using System.Security.Cryptography;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Encryption.Slots;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Tests.Encryption;

/// <summary>Damage and power cuts: a key is the old or the new one, or an error says that it cannot be had; never another one, never nothing.</summary>
public sealed class KeyringFaultTests
{
    private const int Memories = 40;
    private const int Erased = 7;

    private readonly byte[][] _keys = new byte[100][];

    public static TheoryData<string> Changes => ["add", "grow", "erase", "forget", "tenant", "rotate", "master"];

    [Theory]
    [InlineData("keys.a")]
    [InlineData("keys.b")]
    public async Task Every_bit_of_one_copy_may_flip(string name)
    {
        TornDisk disk = await FilledAsync(memories: 5);
        string path = Path.Combine(Ring.Folder, name);
        byte[] whole = [.. disk[path]];
        int written = (int)SlotFile.OffsetOf(8);
        for (int bit = 0; bit < written * 8; bit += bit is > 128 * 8 and < (SlotFile.HeaderBytes - 8) * 8 ? 997 : 1)
        {
            disk[path] = Flipped(whole, bit);
            await using Keyring ring = await Ring.OpenAsync(disk);
            Check(ring, memories: 5);
            Assert.Equal(0, ring.LostSlots);
        }
    }

    [Fact]
    public async Task Every_bit_of_the_tenant_file_may_flip()
    {
        TornDisk disk = await FilledAsync(memories: 5);
        string path = TenantFile.PathIn(Ring.Folder);
        byte[] whole = [.. disk[path]];
        for (int bit = 0; bit < whole.Length * 8; bit++)
        {
            disk[path] = Flipped(whole, bit);
            await using Keyring ring = await Ring.OpenAsync(disk);
            Check(ring, memories: 5);
        }
    }

    [Fact]
    public async Task The_same_slot_damaged_in_both_copies_is_an_error_for_its_memory_and_no_other()
    {
        TornDisk disk = await FilledAsync(memories: 5);
        Damage(disk, slot: 3);

        await using Keyring ring = await Ring.OpenAsync(disk);
        await using Keyring copy = await ring.CopyToAsync("/ep-2", isLive: null, CancellationToken.None);
        foreach (Keyring damaged in new[] { ring, copy })
        {
            Assert.Equal(1, damaged.LostSlots);
            LatentDbException found = Assert.Throws<LatentDbException>(() => damaged.Find(3));
            LatentDbException state = Assert.Throws<LatentDbException>(() => damaged.StateOf(3));
            Assert.Equal(ErrorCode.DataDamaged, found.Code);
            Assert.Equal(ErrorCode.DataDamaged, state.Code);
            Assert.Contains(Ring.Uid(3).ToString(), found.Message, StringComparison.Ordinal);
            foreach (int other in new[] { 1, 2, 4, 5 }) Assert.Equal(_keys[other], damaged.Find(other));
        }

        await copy.EraseAsync(3);
        Assert.Equal(KeyState.Erased, copy.StateOf(3));
        await copy.ForgetLostAsync(CancellationToken.None);
        Assert.Equal(KeyState.Unknown, copy.StateOf(99));
        Assert.Equal(0, copy.LostSlots);
    }

    [Fact]
    public async Task A_slot_that_is_damaged_while_the_shard_is_open_is_an_error_that_names_its_memory()
    {
        TornDisk disk = await FilledAsync(memories: 5);
        await using Keyring ring = await Ring.OpenAsync(disk);
        foreach (string path in new[] { SlotFiles.PathA(Ring.Folder), SlotFiles.PathB(Ring.Folder) })
        {
            using IDiskFile file = disk.Open(path, DiskAccess.Write);
            file.Write([0xFF], SlotFile.OffsetOf(3) + 50);
        }

        LatentDbException error = Assert.Throws<LatentDbException>(() => ring.Find(3));

        Assert.Equal(ErrorCode.DataDamaged, error.Code);
        Assert.Contains(Ring.Uid(3).ToString(), error.Message, StringComparison.Ordinal);
        Assert.Equal(_keys[4], ring.Find(4));
        await ring.EraseAsync(3);
        Assert.Equal(KeyState.Erased, ring.StateOf(3));
    }

    [Theory]
    [InlineData("keys.a")]
    [InlineData("keys.b")]
    public async Task One_copy_may_be_missing_cut_short_or_empty_and_the_next_epoch_has_both(string name)
    {
        string path = Path.Combine(Ring.Folder, name);
        foreach (int length in new[] { -1, 0, 100, 4096, 4200 })
        {
            TornDisk disk = await FilledAsync(memories: 5);
            if (length < 0) disk.DeleteFile(path);
            else disk[path] = disk[path][..length];

            await using Keyring ring = await Ring.OpenAsync(disk);
            Check(ring, memories: 5);
            await using Keyring copy = await ring.CopyToAsync("/ep-2", isLive: null, CancellationToken.None);
            Check(copy, memories: 5);
            Assert.Equal(0, copy.DamagedCopies);
            Assert.Equal(disk[SlotFiles.PathA("/ep-2")], disk[SlotFiles.PathB("/ep-2")]);
        }
    }

    [Theory]
    [InlineData("keys.tenants")]
    [InlineData("keys.a", "keys.b")]
    public async Task Without_the_files_the_shard_is_refused_never_empty(params string[] names)
    {
        TornDisk disk = await FilledAsync(memories: 5);
        foreach (string name in names) disk.DeleteFile(Path.Combine(Ring.Folder, name));

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => Ring.OpenAsync(disk));

        Assert.Equal(ErrorCode.DataDamaged, error.Code);
    }

    [Fact]
    public async Task Both_copies_cut_short_lose_memories_loudly()
    {
        TornDisk disk = await FilledAsync(memories: 5);
        foreach (string path in new[] { SlotFiles.PathA(Ring.Folder), SlotFiles.PathB(Ring.Folder) }) disk[path] = disk[path][..(int)SlotFile.OffsetOf(3)];

        await using Keyring ring = await Ring.OpenAsync(disk);

        Assert.Equal(_keys[2], ring.Find(2));
        Assert.Equal(ErrorCode.DataDamaged, Assert.Throws<LatentDbException>(() => ring.StateOf(5)).Code);
    }

    [Fact]
    public async Task A_slot_of_a_later_format_is_refused()
    {
        TornDisk disk = await FilledAsync(memories: 5);
        byte[] a = [.. disk[SlotFiles.PathA(Ring.Folder)]];
        Span<byte> slot = a.AsSpan((int)SlotFile.OffsetOf(2), KeySlot.Bytes);
        slot[4] = 2;
        KeySlot.Finish(slot, 2);
        disk[SlotFiles.PathA(Ring.Folder)] = a;

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => Ring.OpenAsync(disk));

        Assert.Equal(ErrorCode.UnsupportedFormat, error.Code);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_power_cut_at_any_operation_with_any_sector_torn_leaves_the_old_or_the_new_state(string change)
    {
        int memories = change == "grow" ? SlotGrowth.After(1) - 1 : Memories;
        TornDisk start = await FilledAsync(memories);
        int operations = await RunAsync(start.Clone(), change, int.MaxValue);
        Assert.True(operations >= 3);
        for (int cut = 0; cut <= operations; cut++)
        {
            TornDisk disk = start.Clone();
            await RunAsync(disk, change, cut);
            foreach (TornDisk after in Aftermaths(disk))
            {
                await using Keyring ring = await OpenEitherAsync(after);
                Assert.Equal(0, ring.LostSlots);
                if (cut == operations) Assert.Equal(0, ring.DamagedCopies);
                if (cut == operations) Assert.Equal(after[SlotFiles.PathA(Ring.Folder)], after[SlotFiles.PathB(Ring.Folder)]);
                CheckAfter(ring, change, memories, isDone: cut == operations);
                await using Keyring copy = await ring.CopyToAsync("/ep-2", isLive: null, CancellationToken.None);
                Assert.Equal(0, copy.DamagedCopies);
                CheckAfter(copy, change, memories, isDone: cut == operations);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_failed_write_ends_the_changes_for_good_and_reading_goes_on(string change)
    {
        TornDisk disk = await FilledAsync(Memories);
        await using Keyring ring = await Ring.OpenAsync(disk);
        disk.OperationsLeft = 1;
        await Assert.ThrowsAsync<LatentDbException>(() => ApplyAsync(ring, change));
        disk.OperationsLeft = int.MaxValue;

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => ring.AddAsync(900));

        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        Assert.Same(ring.Failure, error);
        Assert.Equal(_keys[1], ring.Find(1));
        await Assert.ThrowsAsync<LatentDbException>(() => ring.EraseAsync(1));
        await Assert.ThrowsAsync<LatentDbException>(() => ring.CopyToAsync("/ep-2", isLive: null, CancellationToken.None));
    }

    [Fact]
    public async Task Wrong_bytes_that_verify_are_not_a_key()
    {
        TornDisk disk = await FilledAsync(memories: 5);
        foreach (string path in new[] { SlotFiles.PathA(Ring.Folder), SlotFiles.PathB(Ring.Folder) })
        {
            byte[] file = [.. disk[path]];
            Span<byte> two = file.AsSpan((int)SlotFile.OffsetOf(2), KeySlot.Bytes);
            Span<byte> three = file.AsSpan((int)SlotFile.OffsetOf(3), KeySlot.Bytes);
            KeySlot.Sealed(two).CopyTo(KeySlot.Sealed(three));
            KeySlot.Finish(three, 3);
            disk[path] = file;
        }

        await using Keyring ring = await Ring.OpenAsync(disk);

        Assert.Equal(_keys[2], ring.Find(2));
        Assert.Equal(ErrorCode.DataDamaged, Assert.Throws<LatentDbException>(() => ring.Find(3)).Code);
    }

    private static byte[] Flipped(byte[] whole, int bit)
    {
        byte[] flipped = [.. whole];
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }

    private static void Damage(TornDisk disk, int slot)
    {
        foreach (string path in new[] { SlotFiles.PathA(Ring.Folder), SlotFiles.PathB(Ring.Folder) })
        {
            disk[path] = Flipped(disk[path], (int)(SlotFile.OffsetOf(slot) + 50) * 8);
        }
    }

    private static IEnumerable<TornDisk> Aftermaths(TornDisk disk)
    {
        yield return disk.AfterPowerCut((_, _) => SectorFate.Lost);
        yield return disk.AfterPowerCut((_, _) => SectorFate.Written);
        yield return disk.AfterPowerCut((_, _) => SectorFate.Garbage);
        IReadOnlyList<(string, int)> sectors = disk.UnsyncedSectors();
        foreach ((string, int) one in sectors)
        {
            foreach (SectorFate fate in Enum.GetValues<SectorFate>())
            {
                foreach (SectorFate others in new[] { SectorFate.Lost, SectorFate.Written }.Where(o => o != fate))
                {
                    yield return disk.AfterPowerCut((path, sector) => (path, sector) == one ? fate : others);
                }
            }
        }
    }

    private static async Task<Keyring> OpenEitherAsync(TornDisk disk) => await Ring.OpenAsync(disk, NewMaster());

    /// <summary>The key of before, and the one that the rotation of the master key goes to.</summary>
    private static LocalMasterKeys NewMaster() => LocalMasterKeys.Parse(
        $"m2 {Convert.ToBase64String(SHA256.HashData("two"u8))}\nm1 {Convert.ToBase64String([.. Enumerable.Repeat((byte)1, 32)])}", "The text");

    private static async Task<int> RunAsync(TornDisk disk, string change, int cut)
    {
        await using Keyring ring = await OpenEitherAsync(disk);
        int before = disk.Operations;
        disk.OperationsLeft = cut;
        if (cut == int.MaxValue) await ApplyAsync(ring, change);
        else await Record.ExceptionAsync(() => ApplyAsync(ring, change));
        return disk.Operations - before;
    }

    private static Task ApplyAsync(Keyring ring, string change) => change switch
    {
        "add" or "grow" => ring.AddAsync(500),
        "tenant" => ring.AddAsync(500, TenantId.Parse("new")),
        "erase" => ring.EraseAsync(3),
        "forget" => ring.ForgetMarksAsync([Ring.Uid(Erased)], CancellationToken.None),
        "rotate" => ring.RotateTenantAsync(Ring.Acme, CancellationToken.None),
        _ => ring.RotateMasterAsync(CancellationToken.None),
    };

    private static void CheckChanged(Keyring ring, string change, bool isDone)
    {
        KeyState[] allowed = change switch
        {
            "erase" => isDone ? [KeyState.Erased] : [KeyState.Present, KeyState.Erased],
            "forget" => isDone ? [KeyState.Unknown] : [KeyState.Erased, KeyState.Unknown],
            "add" or "grow" or "tenant" => isDone ? [KeyState.Present] : [KeyState.Unknown, KeyState.Present],
            _ => [KeyState.Present],
        };
        int number = change switch { "erase" => 3, "forget" => Erased, "add" or "grow" or "tenant" => 500, _ => 1 };
        Assert.Contains(ring.StateOf(number), allowed);
        if (ring.StateOf(number) == KeyState.Present) Assert.NotNull(ring.Find(number));
    }

    private void CheckAfter(Keyring ring, string change, int memories, bool isDone)
    {
        CheckChanged(ring, change, isDone);
        for (int i = 1; i <= memories; i++)
        {
            if (i == Erased || (i == 3 && change == "erase")) continue;
            Assert.Equal(_keys[i], ring.Find(i));
        }

        using DataKey? shard = ring.Find(Keyring.ShardUid);
        Assert.NotNull(shard);
    }

    private void Check(Keyring ring, int memories)
    {
        for (int i = 1; i <= memories; i++) Assert.Equal(_keys[i], ring.Find(i));
    }

    private async Task<TornDisk> FilledAsync(int memories)
    {
        var disk = new TornDisk();
        await using Keyring ring = await Ring.CreateAsync(disk);
        for (int i = 1; i <= memories; i++) _keys[i] = await ring.AddAsync(i, i % 3 == 0 ? Ring.Bolt : Ring.Acme);
        if (memories >= Erased) await ring.EraseAsync(Erased);
        return disk;
    }
}
