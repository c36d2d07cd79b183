using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Replication;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Replication;

/// <summary>Three silos with a disk each: copies are equal byte by byte, who is silent is left behind, and too few copies are told.</summary>
public sealed class FollowingTests : IAsyncLifetime, IDisposable
{
    private static readonly string[] Names = ["a", "b", "c"];

    private readonly SimulatedStore _store = new();
    private readonly TestCopySets _sets = new();
    private readonly InMemoryLinks _links = new();
    private readonly List<ReplicatedSilo> _silos = [];
    private readonly SimulatedWriter _writer = new(new TestModel(width: 256), "m0", seed: 3);

    public async Task InitializeAsync()
    {
        foreach (string name in Names) _silos.Add(await StartAsync(name, new SimulatedDisk()));
        Assert.True(await _silos[0].OpenAsync(_sets));
        await _silos[0].ServedAsync();
        await MembersAsync("a", "b", "c");
    }

    public async Task DisposeAsync()
    {
        foreach (ReplicatedSilo silo in _silos) await silo.DisposeAsync();
        await _links.DisposeAsync();
    }

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Copies_are_equal_byte_by_byte_when_nothing_happens()
    {
        await WriteAsync(40);
        await _silos[0].Store.CompactAsync();
        await _silos[0].Store.RotateAsync();
        await WriteAsync(1);

        await EqualAsync();
    }

    [Fact]
    public async Task A_follower_that_comes_back_empty_is_filled_while_others_write()
    {
        await WriteAsync(20);
        await _silos[2].DisposeAsync();
        _links.Kill("c");
        await MembersAsync("a", "b");
        _silos[2] = await StartAsync("c", new SimulatedDisk());
        for (int i = 0; i < 200 && !_sets.Read(ReplicatedSilo.Shard)!.Members.Contains("c"); i++) await WriteAsync(1);

        await MembersAsync("a", "b", "c");
        await WriteAsync(1);
        await EqualAsync();
    }

    [Fact]
    public async Task Without_one_follower_writes_go_on_and_without_two_they_are_refused()
    {
        await WriteAsync(1);
        _links.Kill("c");
        await WriteAsync(2);
        await MembersAsync("a", "b");
        _links.Kill("b");
        LatentDbException refusal = await Assert.ThrowsAsync<LatentDbException>(() => WriteAsync(3));

        Assert.Equal(ErrorCode.NotEnoughCopies, refusal.Code);
        Assert.Equal(["a", "b"], _sets.Read(ReplicatedSilo.Shard)!.Members.AsEnumerable());
    }

    [Fact]
    public async Task A_half_filled_copy_takes_itself_out_and_is_not_opened()
    {
        await WriteAsync(1);
        await _silos[2].DisposeAsync();
        _silos[2] = await StartAsync("c", new SimulatedDisk());
        Assert.NotNull(_sets.Take("c", ReplicatedSilo.Shard));

        LatentDbException refusal = await Assert.ThrowsAsync<LatentDbException>(() => _silos[2].OpenAsync(_sets));
        Assert.Equal(ErrorCode.NotEnoughCopies, refusal.Code);
        await _silos[2].ResignAsync();
        Assert.Null(_sets.Take("c", ReplicatedSilo.Shard));
    }

    private Task<ReplicatedSilo> StartAsync(string name, SimulatedDisk disk) => ReplicatedSilo.StartAsync(
        _store, name, disk, Names, _sets, _links, new ReplicationOptions { Mode = ReplicationMode.Quorum, Copies = 3, MinInSync = 2, DropAfter = TimeSpan.FromMilliseconds(1500) });

    private async Task WriteAsync(int operations)
    {
        for (int i = 0; i < operations; i++) await _writer.StepAsync(_silos[0].Store.Catalog).WaitAsync(SimulatedStore.Patience);
    }

    private async Task MembersAsync(params string[] members)
    {
        using var limit = new CancellationTokenSource(SimulatedStore.Patience);
        while (!_sets.Read(ReplicatedSilo.Shard)!.Members.SequenceEqual(members)) await Task.Delay(1, limit.Token);
    }

    /// <summary>The last changes are on their way for a moment.</summary>
    private async Task EqualAsync()
    {
        using var limit = new CancellationTokenSource(SimulatedStore.Patience);
        string a = Text(_silos[0]);
        foreach (ReplicatedSilo follower in _silos.Skip(1))
        {
            while (Text(follower) != a && !limit.IsCancellationRequested) await Task.Delay(5, CancellationToken.None);
            Assert.Equal(a, Text(follower));
        }
    }

    private static string Text(ReplicatedSilo silo)
    {
        FolderListing listing = silo.List();
        return string.Join('\n', [.. listing.Folders.Order(StringComparer.Ordinal), .. listing.Files.Select(file => $"{file.Key} {file.Value.Length} {Convert.ToHexString(file.Value.Hashes.Span)}")]);
    }
}
