using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Disk;

public sealed class SpaceGuardTests : IDisposable
{
    private const long Reserve = 1 << 20;
    private const string Folder = "/data";

    private readonly TempFolder _folder = new();
    private readonly SimulatedDisk _disk = new();
    private readonly ManualTimeProvider _time = new();
    private readonly SpaceGuard _guard;

    public SpaceGuardTests()
    {
        _disk.CreateFolder(Folder);
        _guard = new SpaceGuard(_disk, Folder, Reserve, _time);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Blocks_are_refused_before_the_disk_is_full_and_taken_again_when_there_is_room()
    {
        _disk.Faults.Capacity = 10 * Reserve;
        _guard.TakeBallast();
        _guard.Require(7 * Reserve);
        _disk.Create("/data/other", new byte[8 * Reserve]);
        _time.Advance(TimeSpan.FromSeconds(2));

        LatentDbException error = Assert.Throws<LatentDbException>(() => _guard.Require(1));
        Assert.Equal(ErrorCode.StoreFull, error.Code);
        Assert.Equal(StoreLimits.FullRetryAfter, error.RetryAfter);
        _disk.DeleteFile("/data/other");
        _guard.Require(1);
    }

    [Fact]
    public void What_was_accepted_since_the_last_measurement_counts()
    {
        _disk.Faults.Capacity = 10 * Reserve;
        _guard.TakeBallast();
        for (int i = 0; i < 6; i++) _guard.Require(Reserve);

        _disk.Create("/data/other", new byte[8 * Reserve]);
        Assert.Throws<LatentDbException>(() => _guard.Require(Reserve));
    }

    [Fact]
    public void The_ballast_is_released_and_taken_again_only_when_twice_its_size_is_free()
    {
        _disk.Faults.Capacity = 3 * Reserve;
        _guard.TakeBallast();
        Assert.Equal(Reserve, _disk.LengthOf("/data/ballast"));
        _disk.Create("/data/other", new byte[2 * Reserve]);
        _guard.Release();
        Assert.Equal(Reserve, _disk.FreeBytes(Folder));

        Assert.Throws<LatentDbException>(() => _guard.Require(1));
        Assert.Equal(-1, _disk.LengthOf("/data/ballast"));
        _disk.DeleteFile("/data/other");
        _guard.Require(1);
        Assert.Equal(Reserve, _disk.LengthOf("/data/ballast"));
    }

    [Fact]
    public void A_disk_that_is_full_at_the_start_is_opened_with_the_ballast()
    {
        _disk.Faults.Capacity = 3 * Reserve;
        _guard.TakeBallast();
        _disk.Create("/data/other", new byte[2 * Reserve]);
        _guard.Begin();

        Assert.Equal(Reserve, _disk.FreeBytes(Folder));
    }

    [Fact]
    public void On_a_real_disk_the_ballast_takes_its_space()
    {
        var guard = new SpaceGuard(LocalDisk.Instance, _folder.Path, Reserve, TimeProvider.System);
        guard.TakeBallast();

        Assert.Equal(Reserve, new FileInfo(_folder.Combine("ballast")).Length);
        guard.Require(1);
        guard.Release();
        Assert.False(File.Exists(_folder.Combine("ballast")));
    }
}
