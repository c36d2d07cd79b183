using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Log;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Log;

public sealed class LogFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly LocalDisk _disk = LocalDisk.Instance;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_log_is_read_with_the_sizes_that_it_was_made_with()
    {
        LogHeader made = LogFolder.Create(_disk, _folder.Combine("log"), new LogGeometry(16 << 10, 64 << 10, 64 << 10));

        LogHeader read = LogFolder.Read(_disk, _folder.Combine("log"));

        Assert.Equal(16 << 10, read.Geometry.PageBytes);
        Assert.Equal(64 << 10, read.Geometry.SegmentBytes);
        Assert.Equal(made.Geometry.MaxEntryBytes, read.Geometry.MaxEntryBytes);
        Assert.Equal(made.Salt, read.Salt.AsEnumerable());
    }

    [Fact]
    public void Every_log_has_a_salt_of_its_own()
    {
        LogHeader one = LogFolder.Create(_disk, _folder.Combine("one"), LogGeometry.Manifest);
        LogHeader two = LogFolder.Create(_disk, _folder.Combine("two"), LogGeometry.Manifest);

        Assert.Equal(32, one.Salt.Length);
        Assert.NotEqual(one.Salt.AsEnumerable(), two.Salt);
    }

    [Fact]
    public void Every_changed_byte_of_a_header_is_refused()
    {
        LogFolder.Create(_disk, _folder.Combine("log"), LogGeometry.Manifest);
        string path = _folder.Combine("log", "header");
        byte[] whole = _disk.ReadAll(path);
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 1;
            _disk.Replace(path, damaged);

            Assert.Equal(ErrorCode.DataDamaged, Assert.Throws<LatentDbException>(() => LogFolder.Read(_disk, _folder.Combine("log"))).Code);
        }
    }

    [Theory]
    [InlineData(3000, 64 << 20)]
    [InlineData(4096, 64 << 20)]
    [InlineData(1 << 28, 1 << 28)]
    [InlineData(64 << 10, 32 << 10)]
    [InlineData(64 << 10, 100_000)]
    public void Sizes_that_no_log_can_have_are_refused(int pageBytes, long segmentBytes) =>
        Assert.Throws<ArgumentException>(() => LogFolder.Create(_disk, _folder.Combine("log"), new LogGeometry(pageBytes, pageBytes, segmentBytes)));
}
