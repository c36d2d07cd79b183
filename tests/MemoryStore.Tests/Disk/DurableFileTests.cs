using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.Testing;
using Microsoft.Win32.SafeHandles;

namespace LatentDb.MemoryStore.Tests.Disk;

public sealed class DurableFileTests : IDisposable
{
    private const int BadDescriptorErrno = 9;
    private const int InvalidArgumentErrno = 22;
    private const int NoSpaceErrno = 28;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_failed_sync_is_an_error_with_its_errno()
    {
        if (!OperatingSystem.IsLinux()) return;

        Assert.Equal(BadDescriptorErrno, Assert.Throws<IOException>(() => DurableFile.SyncDescriptor(1_000_000)).HResult);
    }

    [Fact]
    public void A_device_that_cannot_sync_is_an_error_where_the_runtime_reports_success()
    {
        if (!OperatingSystem.IsLinux()) return;
        using SafeFileHandle device = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write);

        Assert.Equal(InvalidArgumentErrno, Assert.Throws<IOException>(() => DurableFile.Sync(device)).HResult);
    }

    [Fact]
    public void A_full_disk_is_told_from_a_broken_one()
    {
        Assert.Equal(ErrorCode.StoreFull, DurableFile.ToStoreError(new IOException("full", NoSpaceErrno), "A commit").Code);
        Assert.Equal(ErrorCode.StoreUnavailable, DurableFile.ToStoreError(new IOException("broken", 5), "A commit").Code);
    }

    [Fact]
    public void Syncing_a_folder_that_is_not_there_fails()
    {
        if (!OperatingSystem.IsLinux()) return;

        Assert.Throws<IOException>(() => DurableFile.SyncFolder(_folder.Combine("none")));
    }
}
