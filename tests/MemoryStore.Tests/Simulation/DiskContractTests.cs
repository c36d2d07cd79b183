using LatentDb.MemoryStore.Disk;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>What the store relies on, asked of the machine's disk and of the simulated one alike.</summary>
public abstract class DiskContractTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly IDisk _disk;

    private protected DiskContractTests(IDisk disk)
    {
        _disk = disk;
        _disk.CreateFolder(_folder.Path);
    }

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void What_was_written_is_read_back_and_gaps_are_zero()
    {
        using IDiskFile file = _disk.Open(_folder.Combine("a"), DiskAccess.CreateNew);
        file.Write([1, 2, 3], 1000);
        file.Sync();

        byte[] read = new byte[10];
        Assert.Equal(4, file.Read(read, 999));
        Assert.Equal([0, 1, 2, 3, 0, 0, 0, 0, 0, 0], read);
        Assert.Equal(1003, file.Length);
        Assert.Equal(1003, _disk.LengthOf(_folder.Combine("a")));
        Assert.Equal(0, file.Read(read, 5000));
    }

    [Fact]
    public void What_is_missing_is_told_by_its_kind()
    {
        string none = _folder.Combine("none");

        Assert.Throws<FileNotFoundException>(() => _disk.Open(none, DiskAccess.Read));
        Assert.Throws<FileNotFoundException>(() => _disk.Open(none, DiskAccess.Write));
        Assert.ThrowsAny<IOException>(() => _disk.Open(Path.Combine(none, "a"), DiskAccess.CreateNew));
        Assert.ThrowsAny<IOException>(() => _disk.SyncFolder(none));
        Assert.False(_disk.FileExists(none));
        Assert.False(_disk.FolderExists(none));
        Assert.Equal(-1, _disk.LengthOf(none));
        _disk.DeleteFile(none);
    }

    [Fact]
    public void A_name_that_is_taken_is_not_created_again_but_may_be_emptied()
    {
        _disk.Create(_folder.Combine("a"), [1, 2, 3]);

        Assert.ThrowsAny<IOException>(() => _disk.Open(_folder.Combine("a"), DiskAccess.CreateNew));
        using IDiskFile emptied = _disk.Open(_folder.Combine("a"), DiskAccess.Create);
        Assert.Equal(0, emptied.Length);
    }

    [Fact]
    public void A_renamed_file_replaces_the_other_and_readers_of_that_go_on()
    {
        _disk.Create(_folder.Combine("a"), [1]);
        _disk.Create(_folder.Combine("b"), [2]);
        using IDiskFile old = _disk.Open(_folder.Combine("b"), DiskAccess.Read);
        _disk.Move(_folder.Combine("a"), _folder.Combine("b"));

        Assert.Equal([_folder.Combine("b")], _disk.Files(_folder.Path));
        Assert.Equal([1], _disk.ReadAll(_folder.Combine("b")));
        byte[] read = new byte[1];
        Assert.Equal(1, old.Read(read, 0));
        Assert.Equal([2], read);
    }

    [Fact]
    public void A_finished_file_gets_its_name_only_if_nobody_else_has_it()
    {
        _disk.Create(_folder.Combine("a"), [1]);
        _disk.Create(_folder.Combine("b"), [2]);

        Assert.True(_disk.TryPublish(_folder.Combine("a"), _folder.Combine("c")));
        Assert.False(_disk.TryPublish(_folder.Combine("b"), _folder.Combine("c")));
        Assert.ThrowsAny<IOException>(() => _disk.TryPublish(_folder.Combine("a"), _folder.Combine("d")));
        Assert.Equal([_folder.Combine("b"), _folder.Combine("c")], _disk.Files(_folder.Path));
        Assert.Equal([1], _disk.ReadAll(_folder.Combine("c")));
    }

    [Fact]
    public void Folders_are_made_with_those_above_and_removed_with_what_is_in_them()
    {
        _disk.CreateFolder(_folder.Combine("x", "y"));
        _disk.CreateFolder(_folder.Combine("x", "z"));
        _disk.Create(_folder.Combine("x", "y", "a"), [1]);

        Assert.Equal([_folder.Combine("x", "y"), _folder.Combine("x", "z")], _disk.Folders(_folder.Combine("x")));
        _disk.DeleteFolder(_folder.Combine("x"));
        Assert.False(_disk.FolderExists(_folder.Combine("x", "y")));
        Assert.Empty(_disk.Folders(_folder.Path));
    }

    [Fact]
    public void A_closed_file_is_not_read()
    {
        _disk.Create(_folder.Combine("a"), [1]);
        IDiskFile file = _disk.Open(_folder.Combine("a"), DiskAccess.Read);
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.Read(new byte[1], 0));
    }
}

public sealed class LocalDiskContractTests() : DiskContractTests(LocalDisk.Instance);

public sealed class SimulatedDiskContractTests() : DiskContractTests(new SimulatedDisk());
