using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Replication;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Replication;

/// <summary>A shard that lies in a folder which was never copied, shared before or restored: whoever has it there begins the copies, and nobody else can.</summary>
public sealed class FolderOriginTests : IAsyncLifetime, IDisposable
{
    private readonly SimulatedStore _store = new();
    private readonly TestCopySets _sets = new();
    private readonly InMemoryLinks _links = new();
    private readonly SimulatedDisk _folder = new();
    private readonly SimulatedWriter _writer = new(new TestModel(width: 256), "m0", seed: 5);

    public async Task InitializeAsync()
    {
        await using OpenStore before = await _store.OpenAsync(_folder, shards: 1);
        await _writer.CreateAsync(before.Catalog);
        for (int i = 0; i < 5; i++) await _writer.InjectAsync(before.Catalog);
    }

    public async Task DisposeAsync() => await _links.DisposeAsync();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_empty_folder_begins_no_shard_that_lies_elsewhere_and_the_one_that_has_it_is_copied(bool isNamed)
    {
        if (isNamed) _sets.LieInFolder(ReplicatedSilo.Shard, "has");
        else _sets.LieInFolder(ReplicatedSilo.Shard);
        await using ReplicatedSilo empty = await StartAsync("empty", new SimulatedDisk());

        if (isNamed) Assert.False(await empty.OpenAsync(_sets));
        else await IsRefusedAsync(empty);

        await using ReplicatedSilo has = await StartAsync("has", _folder);
        await has.ResignAsync();
        Assert.True(await has.OpenAsync(_sets));
        await has.ServedAsync();
        await _writer.CheckAsync(has.Store.Catalog);
        await MembersAsync("empty", "has");
        Assert.False(_sets.Read(ReplicatedSilo.Shard)!.IsOfFolder);
        await empty.ResignAsync();
    }

    [Fact]
    public async Task The_silo_that_is_named_and_has_nothing_is_refused_as_well()
    {
        _sets.LieInFolder(ReplicatedSilo.Shard, "empty");
        await using ReplicatedSilo empty = await StartAsync("empty", new SimulatedDisk());

        await IsRefusedAsync(empty);
    }

    private async Task IsRefusedAsync(ReplicatedSilo empty)
    {
        Assert.Equal(ErrorCode.ConfigurationInvalid, (await Assert.ThrowsAsync<LatentDbException>(empty.ResignAsync)).Code);
        Assert.Equal(ErrorCode.NotEnoughCopies, (await Assert.ThrowsAsync<LatentDbException>(() => empty.OpenAsync(_sets))).Code);
    }

    private Task<ReplicatedSilo> StartAsync(string name, SimulatedDisk disk) => ReplicatedSilo.StartAsync(
        _store, name, disk, ["empty", "has"], _sets, _links, new ReplicationOptions { Mode = ReplicationMode.Quorum, Copies = 2, MinInSync = 1, DropAfter = TimeSpan.FromMilliseconds(1500) });

    private async Task MembersAsync(params string[] members)
    {
        using var limit = new CancellationTokenSource(SimulatedStore.Patience);
        while (!_sets.Read(ReplicatedSilo.Shard)!.Members.SequenceEqual(members)) await Task.Delay(1, limit.Token);
    }
}
