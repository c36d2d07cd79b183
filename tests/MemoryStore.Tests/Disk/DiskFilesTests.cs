using LatentDb.MemoryStore.Disk;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Disk;

public sealed class DiskFilesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly LocalDisk _disk = LocalDisk.Instance;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Replacing_leaves_the_new_content_and_no_temporary_file()
    {
        string path = _folder.Combine("state");
        _disk.Replace(path, "one"u8);
        _disk.Replace(path, "two"u8);

        Assert.Equal("two"u8.ToArray(), _disk.ReadAll(path));
        Assert.Equal([path], _disk.Files(_folder.Path));
    }

    [Fact]
    public void A_file_that_is_there_is_not_created_again()
    {
        string path = _folder.Combine("header");
        _disk.Create(path, "one"u8);

        Assert.ThrowsAny<IOException>(() => _disk.Create(path, "two"u8));
        Assert.Equal("one"u8.ToArray(), _disk.ReadAll(path));
    }
}
