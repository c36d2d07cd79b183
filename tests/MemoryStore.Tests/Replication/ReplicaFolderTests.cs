using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Replication;
using LatentDb.MemoryStore.Replication.Followers;
using LatentDb.MemoryStore.Tests.Simulation;

namespace LatentDb.MemoryStore.Tests.Replication;

public sealed class ReplicaFolderTests
{
    private const string Root = "/data/shard-0000";

    private static readonly ShardId Shard = new(0);

    private SimulatedDisk _disk = Disk();

    [Fact]
    public void Nobody_with_a_lower_term_is_obeyed_not_even_after_a_power_cut()
    {
        using (ReplicaFolder folder = Folder()) folder.Enter(new OwnerHello(Shard, 7, Guid.NewGuid()), out _);
        _disk = _disk.AfterPowerCut(seed: 1);
        using ReplicaFolder again = Folder();

        Assert.Equal(ErrorCode.StaleOwner, Assert.Throws<LatentDbException>(() => again.Enter(new OwnerHello(Shard, 6, Guid.NewGuid()), out _)).Code);
        Assert.Equal(ErrorCode.StaleOwner, Assert.Throws<LatentDbException>(() => again.TakeOver(6, CopyNeed.None)).Code);
        again.Enter(new OwnerHello(Shard, 8, Guid.NewGuid()), out _);
    }

    [Fact]
    public void A_newer_owner_sends_the_one_before_away()
    {
        using ReplicaFolder folder = Folder();
        Guid first = Guid.NewGuid();
        folder.Enter(new OwnerHello(Shard, 1, first), out CancellationToken gone);
        Assert.False(gone.IsCancellationRequested);
        folder.Enter(new OwnerHello(Shard, 2, Guid.NewGuid()), out _);

        Assert.True(gone.IsCancellationRequested);
        Assert.Equal(ErrorCode.StaleOwner, Assert.Throws<LatentDbException>(() => folder.Apply(new ChangeBatch(1, 0, []), first)).Code);
    }

    [Fact]
    public void Changes_that_do_not_follow_are_refused()
    {
        using ReplicaFolder folder = Folder();
        Guid session = Guid.NewGuid();
        folder.Enter(new OwnerHello(Shard, 1, session), out _);

        Assert.Equal(ErrorCode.DataDamaged, Assert.Throws<LatentDbException>(() => folder.Apply(new ChangeBatch(1, 5, []), session)).Code);
    }

    [Fact]
    public void While_this_silo_owns_the_shard_no_other_owner_is_let_in()
    {
        using ReplicaFolder folder = Folder();
        folder.TakeOver(1, CopyNeed.None);
        Assert.Equal(ErrorCode.NotOwner, Assert.Throws<LatentDbException>(() => folder.Enter(new OwnerHello(Shard, 2, Guid.NewGuid()), out _)).Code);
        folder.Release(1);

        folder.Enter(new OwnerHello(Shard, 2, Guid.NewGuid()), out _);
    }

    [Theory]
    [InlineData("../store")]
    [InlineData("/etc/passwd")]
    [InlineData("ep-1/../../x")]
    [InlineData("replica")]
    [InlineData("lock")]
    public void Names_outside_the_shard_are_refused(string name) => Assert.Throws<MessagePackFormatException>(() => FolderListing.CheckName(name));

    [Fact]
    public void A_mark_that_does_not_fit_its_checksum_is_damage()
    {
        using (ReplicaFolder folder = Folder()) folder.TakeOver(3, CopyNeed.None);
        _disk.Rot($"{Root}/{CopyMark.FileName}", offset: 25, mask: 1);

        Assert.Equal(ErrorCode.DataDamaged, Assert.Throws<LatentDbException>(() => CopyMark.Read(_disk, Root)).Code);
    }

    private static SimulatedDisk Disk()
    {
        var disk = new SimulatedDisk();
        disk.CreateFolder("/data");
        disk.SyncFolder("/");
        return disk;
    }

    private ReplicaFolder Folder() => new(Shard, _disk, Root);
}
