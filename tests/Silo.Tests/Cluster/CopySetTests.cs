using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Cluster.Database;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Cluster;

/// <summary>Sets of copies in a real PostgreSQL server: who is in them gets leases, and only the newest lease's holder changes them, once for each revision.</summary>
public sealed class CopySetTests : IAsyncLifetime
{
    private static readonly ShardId Shard = new(3);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private PostgresServer? _server;

    public async Task InitializeAsync()
    {
        if (PostgresServer.Programs is not null) _server = await PostgresServer.StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }

    [RequiresPostgresFact]
    public async Task Who_is_not_in_the_set_gets_no_lease()
    {
        await using ClusterNode a = await StartAsync("a");
        await using ClusterNode b = await StartAsync("b");
        PostgresCopySets sets = Sets(a);
        ShardLease lease = (await a.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;
        CopySet empty = (await sets.ReadAsync(Shard, CancellationToken.None))!;
        Assert.Empty(empty.Members);
        CopySet one = (await sets.TryChangeAsync(Shard, empty, ["a"], CancellationToken.None))!;
        Assert.Equal((lease.Term, 1), (one.Term, one.Revision));
        await lease.DisposeAsync();
        Assert.Null(await b.Leases.TryAcquireAsync(Shard, CancellationToken.None));

        lease = (await a.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;
        CopySet both = (await sets.TryChangeAsync(Shard, one with { Term = lease.Term }, ["a", "b"], CancellationToken.None))!;
        await b.SeesAsync(view => view.CopiesOf(Shard.Value).SequenceEqual(["a", "b"]));
        await lease.DisposeAsync();
        await using ShardLease next = (await b.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;
        Assert.Null(await sets.TryChangeAsync(Shard, both, ["a"], CancellationToken.None));
    }

    [RequiresPostgresFact]
    public async Task A_change_is_made_once_for_each_revision_and_the_last_copy_does_not_resign()
    {
        await using ClusterNode a = await StartAsync("a");
        await using ShardLease lease = (await a.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;
        PostgresCopySets sets = Sets(a);
        CopySet empty = (await sets.ReadAsync(Shard, CancellationToken.None))!;
        CopySet both = (await sets.TryChangeAsync(Shard, empty, ["a", "b"], CancellationToken.None))!;
        Assert.Null(await sets.TryChangeAsync(Shard, empty, ["a"], CancellationToken.None));

        await sets.ResignAsync(Shard, CancellationToken.None);
        CopySet left = (await sets.ReadAsync(Shard, CancellationToken.None))!;
        Assert.Equal(["b"], left.Members.AsEnumerable());
        Assert.Null(await sets.TryChangeAsync(Shard, both, ["a", "b"], CancellationToken.None));
        CopySet own = (await sets.TryChangeAsync(Shard, left, ["a"], CancellationToken.None))!;
        await sets.ResignAsync(Shard, CancellationToken.None);
        Assert.Equal(own, await sets.ReadAsync(Shard, CancellationToken.None), (x, y) => x!.Members.SequenceEqual(y!.Members) && x.Revision == y.Revision);
    }

    [RequiresPostgresFact]
    public async Task An_operator_names_another_copy_when_nobody_holds_the_shard()
    {
        await using ClusterNode a = await StartAsync("a");
        ShardLease lease = (await a.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;
        CopySet empty = (await Sets(a).ReadAsync(Shard, CancellationToken.None))!;
        await Sets(a).TryChangeAsync(Shard, empty, ["a"], CancellationToken.None);
        Assert.Empty(await PostgresCopySets.PromoteAsync(a.Database, Shard.Value, "c", Limit));
        await lease.DisposeAsync();

        Assert.Equal([Shard.Value], await PostgresCopySets.PromoteAsync(a.Database, null, "c", Limit));
        Assert.Null(await a.Leases.TryAcquireAsync(Shard, CancellationToken.None));
    }

    [RequiresPostgresFact]
    public async Task A_shard_that_was_leased_without_copies_lies_in_a_folder_until_the_first_copy_counts()
    {
        await using ClusterNode shared = await StartAsync("shared", hasCopies: false);
        await (await shared.Leases.TryAcquireAsync(Shard, CancellationToken.None))!.DisposeAsync();
        await using ClusterNode a = await StartAsync("a");
        ShardLease lease = (await a.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;
        CopySet before = (await Sets(a).ReadAsync(Shard, CancellationToken.None))!;
        CopySet after = (await Sets(a).TryChangeAsync(Shard, before, ["a"], CancellationToken.None))!;
        await lease.DisposeAsync();

        Assert.Equal((true, false), (before.IsOfFolder, after.IsOfFolder));
        Assert.Null(await shared.Leases.TryAcquireAsync(Shard, CancellationToken.None));
        Assert.Equal(ErrorCode.ConfigurationInvalid, (await Assert.ThrowsAsync<LatentDbException>(() => StartAsync("late", hasCopies: false))).Code);
    }

    [RequiresPostgresFact]
    public async Task An_operator_names_the_folder_that_was_restored()
    {
        await using ClusterNode a = await StartAsync("a");
        ShardLease lease = (await a.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;
        await Sets(a).TryChangeAsync(Shard, (await Sets(a).ReadAsync(Shard, CancellationToken.None))!, ["a", "b"], CancellationToken.None);
        Assert.Empty(await PostgresCopySets.RestoredAsync(a.Database, null, null, "a", Limit));
        await lease.DisposeAsync();

        Assert.Equal([Shard.Value], await PostgresCopySets.RestoredAsync(a.Database, null, null, "a", Limit));
        CopySet set = (await Sets(a).ReadAsync(Shard, CancellationToken.None))!;
        Assert.Equal(("a", true), (set.ToString(), set.IsOfFolder));
    }

    [RequiresPostgresFact]
    public async Task In_a_new_database_an_operator_says_how_many_shards_there_are_and_their_terms_are_above_all_of_the_lost_one()
    {
        await using ClusterNode a = await StartAsync("a");
        Assert.Equal(ErrorCode.ConfigurationInvalid, (await Assert.ThrowsAsync<LatentDbException>(() => PostgresCopySets.RestoredAsync(a.Database, null, null, "a", Limit))).Code);

        Assert.Equal([0, 1, 2], (await PostgresCopySets.RestoredAsync(a.Database, null, 3, "b", Limit)).Order());

        Assert.Null(await a.Leases.TryAcquireAsync(new ShardId(0), CancellationToken.None));
        Assert.True((await Sets(a).ReadAsync(new ShardId(2), CancellationToken.None))!.Term > 1_700_000_000);
    }

    private static PostgresCopySets Sets(ClusterNode node) => new(node.Database, node.Options);

    private async Task<ClusterNode> StartAsync(string name, bool hasCopies = true)
    {
        var node = new ClusterNode(_server!.ConnectionString, name, options => options.HasCopies = hasCopies);
        await node.StartAsync();
        return node;
    }
}
