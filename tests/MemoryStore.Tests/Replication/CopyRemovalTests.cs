using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Replication;
using LatentDb.MemoryStore.Replication.Followers;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.MemoryStore.Tests.Replication;

/// <summary>When a silo removes a copy of a shard, and that it does not before.</summary>
public sealed class CopyRemovalTests : IAsyncLifetime, IDisposable
{
    private const string Data = "/data";
    private const int Copies = 2;

    private static readonly ShardId Shard = new(0);
    private static readonly string[] Names = ["a", "b", "c", "d", "e"];

    private readonly ManualTimeProvider _time = new();
    private readonly SimulatedDisk _disk = new();
    private readonly TestCopySets _sets = new();
    private readonly InMemoryLinks _links = new();
    private readonly string[] _wanted;
    private readonly string _self;
    private readonly SeenCluster _view;
    private readonly ReplicationHost _host;
    private readonly CopyRemoval _removal;

    public CopyRemovalTests()
    {
        _wanted = [.. CopyPlan.Of(View(Names), Shard, 1, Copies).Select(silo => silo.Name)];
        _self = Names.Except(_wanted).First();
        _view = new SeenCluster(_self) { Current = View(Names) };
        _disk.CreateDurableFolder(Data);
        _host = new ReplicationHost(
            new ReplicationOptions { Mode = ReplicationMode.Quorum, Copies = Copies, MinInSync = 1 }, _disk, Data, shards: 1, _view, _links.From(_self), _sets.For(_self), _time, NullLogger.Instance);
        _removal = new CopyRemoval(_host, shards: 1);
    }

    private string Root => Path.Combine(Data, Shard.ToString());

    public async Task InitializeAsync()
    {
        Folder.TakeOver(1, CopyNeed.None);
        Folder.Release(1);
        _disk.CreateDurableFolder(Path.Combine(Root, "epoch-1"));
        foreach (string file in (string[])["epoch-1/keys.a", "epoch-1/log.0", "state-1"]) _disk.Create(Path.Combine(Root, file), Enumerable.Repeat((byte)7, 100).ToArray());
        await BecomeAsync(_wanted);
    }

    public async Task DisposeAsync() => await _links.DisposeAsync();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task A_copy_that_others_have_goes_after_ten_minutes_and_its_mark_stays()
    {
        int[] removed = [await PassAsync(), await PassAsync(9), await PassAsync(1), await PassAsync(60)];

        Assert.Equal([0, 0, 1, 0], removed.AsEnumerable());

        Assert.Empty(FolderListing.Of(_disk, Root, isHashed: false).Files);
        Assert.Empty(_disk.Folders(Root));
        Assert.Equal(new CopyMark(1, IsWhole: false), CopyMark.Read(_disk, Root));
        Assert.Throws<LatentDbException>(() => Folder.TakeOver(2, CopyNeed.Whole));
    }

    [Fact]
    public async Task A_copy_that_is_in_the_set_stays() => await StaysAsync(() => BecomeAsync([_wanted[0], _self]));

    [Fact]
    public async Task A_copy_stays_while_there_are_fewer_others_than_there_should_be() => await StaysAsync(() => BecomeAsync([_wanted[0]]));

    [Fact]
    public async Task A_copy_that_this_silo_owns_stays() => await StaysAsync(() =>
    {
        Folder.TakeOver(2, CopyNeed.Whole);
        return Task.CompletedTask;
    });

    [Fact]
    public async Task A_copy_that_the_plan_wants_here_stays() => await StaysAsync(() =>
    {
        _view.Current = View([_wanted[0], _self]);
        return Task.CompletedTask;
    });

    [Fact]
    public async Task A_silo_that_does_not_see_itself_removes_nothing() => await StaysAsync(() =>
    {
        _view.Current = View(_wanted);
        return Task.CompletedTask;
    });

    [Fact]
    public async Task A_shard_that_lies_in_a_folder_stays() => await StaysAsync(() =>
    {
        _sets.LieInFolder(Shard, [.. _wanted]);
        return Task.CompletedTask;
    });

    [Fact]
    public async Task Who_is_wanted_in_between_begins_to_count_anew()
    {
        await PassAsync();
        _view.Current = View([_wanted[0], _self]);
        await PassAsync(5);
        _view.Current = View(Names);
        int[] removed = [await PassAsync(5), await PassAsync(9), await PassAsync(1)];

        Assert.Equal([0, 0, 1], removed.AsEnumerable());
    }

    [Fact]
    public void After_a_power_cut_in_the_removal_the_copy_is_not_opened()
    {
        for (int change = 1; ; change++)
        {
            SimulatedDisk disk = _disk.Copy();
            disk.CutAt = disk.Changes + change;
            using var folder = new ReplicaFolder(Shard, disk, Root);
            Record.Exception(() => folder.TryDiscard());
            if (!disk.IsOff) break;
            SimulatedDisk after = disk.AfterPowerCut(change);
            bool isTouched = FolderListing.Of(after, Root, isHashed: false).Files.Count < 3 || after.ReadAll(Path.Combine(Root, "epoch-1/keys.a")).Contains((byte)0);
            Assert.True(!isTouched || !CopyMark.Read(after, Root).IsWhole);
        }
    }

    private ReplicaFolder Folder => _host.Folders.Of(Shard);

    private static ClusterView View(string[] names) => new(1, [.. names.Select(name => new SiloMember(name, default, name, SiloRoles.Store, IsDraining: false, 0))], [null]);

    private async Task StaysAsync(Func<Task> arrange)
    {
        await PassAsync();
        await arrange();
        int[] removed = [await PassAsync(1), await PassAsync(60), await PassAsync(60)];

        Assert.Equal([0, 0, 0], removed.AsEnumerable());
        Assert.Equal(3, FolderListing.Of(_disk, Root, isHashed: false).Files.Count);
    }

    private Task<int> PassAsync(int minutesLater = 0)
    {
        _time.Advance(TimeSpan.FromMinutes(minutesLater));
        return _removal.RunAsync(CancellationToken.None);
    }

    private async Task BecomeAsync(string[] members)
    {
        if (_sets.Read(Shard) is null) _sets.Take(members[0], Shard);
        Assert.NotNull(await _sets.For(members[0]).TryChangeAsync(Shard, _sets.Read(Shard)!, [.. members], CancellationToken.None));
    }

    private sealed class SeenCluster(string self) : IClusterView
    {
        public string Self => self;

        public required ClusterView Current { get; set; }

        public ValueTask<ClusterView> RefreshAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Current);

        public ValueTask<ClusterView> WaitForAsync(long seen, CancellationToken cancellationToken) => ValueTask.FromResult(Current);
    }
}
