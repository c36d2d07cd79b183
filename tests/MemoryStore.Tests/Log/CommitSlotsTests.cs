using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Log;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Log;

public sealed class CommitSlotsTests : IDisposable
{
    private const int CopyBytes = 4096;

    private readonly TempFolder _folder = new();
    private readonly string _path;

    public CommitSlotsTests()
    {
        _path = _folder.Combine("commit.ab");
        CommitSlots.Create(LocalDisk.Instance, _path);
        using CommitSlots slots = CommitSlots.OpenForWriting(LocalDisk.Instance, _path);
        for (long number = 1; number <= 5; number++) slots.Write(Slot(number));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_newest_commit_is_read_back()
    {
        CommitSlotReading reading = CommitSlots.Read(LocalDisk.Instance, _path);

        Assert.True(reading.IsCertain);
        Assert.Equal(5, reading.Newest.Number);
        Assert.Equal(5000, reading.Newest.Until);
        Assert.Equal([5, 6], reading.Newest.Cookie);
        Assert.Equal([7, 8, 5], reading.Newest.Metadata);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void One_damaged_copy_changes_nothing(int copy)
    {
        byte[] whole = File.ReadAllBytes(_path);
        for (int at = 0; at < CopyBytes; at += 37)
        {
            Flip(whole, (copy * CopyBytes) + at);

            CommitSlotReading reading = CommitSlots.Read(LocalDisk.Instance, _path);

            Assert.True(reading.IsCertain);
            Assert.Equal(5, reading.Newest.Number);
        }
    }

    [Fact]
    public void A_slot_without_a_good_copy_leaves_the_other_one_and_a_doubt()
    {
        byte[] whole = File.ReadAllBytes(_path);
        whole.AsSpan(2 * CopyBytes).Clear();
        File.WriteAllBytes(_path, whole);

        CommitSlotReading reading = CommitSlots.Read(LocalDisk.Instance, _path);

        Assert.False(reading.IsCertain);
        Assert.Equal(4, reading.Newest.Number);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("empty")]
    [InlineData("zeros")]
    [InlineData("short")]
    [InlineData("noise")]
    public void Without_any_good_copy_the_log_is_refused_never_empty(string fault)
    {
        byte[] noise = new byte[4 * CopyBytes];
        new Random(1).NextBytes(noise);
        File.Delete(_path);
        if (fault != "missing") File.WriteAllBytes(_path, fault switch { "empty" => [], "short" => noise[..1000], "noise" => noise, _ => new byte[4 * CopyBytes] });

        LatentDbException error = Assert.Throws<LatentDbException>(() => CommitSlots.Read(LocalDisk.Instance, _path));

        Assert.Equal(ErrorCode.DataDamaged, error.Code);
    }

    [Fact]
    public void A_copy_that_stands_in_the_wrong_slot_does_not_count()
    {
        byte[] whole = File.ReadAllBytes(_path);
        whole.AsSpan(2 * CopyBytes, 2 * CopyBytes).CopyTo(whole);
        File.WriteAllBytes(_path, whole);

        Assert.False(CommitSlots.Read(LocalDisk.Instance, _path).IsCertain);
    }

    private static CommitSlot Slot(long number) => new(number, number * 1000, [(byte)number, 6], [7, 8, (byte)number]);

    private void Flip(byte[] whole, int at)
    {
        byte[] damaged = [.. whole];
        damaged[at] ^= 0x10;
        File.WriteAllBytes(_path, damaged);
    }
}
