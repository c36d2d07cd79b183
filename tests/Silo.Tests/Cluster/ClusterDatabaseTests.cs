using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Cluster.Database;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Cluster;

/// <summary>Leases and members in a real PostgreSQL server.</summary>
public sealed class ClusterDatabaseTests : IAsyncLifetime
{
    private static readonly ShardId Shard = new(0);
    private static readonly TimeSpan ShortLease = TimeSpan.FromSeconds(4);

    private PostgresServer? _server;

    public async Task InitializeAsync()
    {
        if (PostgresServer.Programs is not null) _server = await PostgresServer.StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }

    [Fact]
    public async Task Leases_in_files_keep_what_every_authority_keeps()
    {
        using var folder = new TempFolder();

        await ShardLeaseSuite.RunAsync(new FileShardLeases(folder.Path), new FileShardLeases(folder.Path));
    }

    [RequiresPostgresFact]
    public async Task Leases_in_the_database_keep_what_every_authority_keeps()
    {
        await using ClusterNode first = await StartAsync("a");
        await using ClusterNode second = await StartAsync("b");

        await ShardLeaseSuite.RunAsync(first.Leases, second.Leases);
    }

    [RequiresPostgresFact]
    public async Task Any_number_that_migrate_at_once_make_the_tables_once()
    {
        await using var node = new ClusterNode(_server!.ConnectionString, "a");
        Assert.Equal(ErrorCode.ConfigurationInvalid, (await Assert.ThrowsAsync<LatentDbException>(() => ClusterSchema.CheckAsync(node.Database, CancellationToken.None))).Code);

        int[] steps = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ClusterSchema.MigrateAsync(node.Database, CancellationToken.None)));

        Assert.Single(steps, made => made > 0);
        await ClusterSchema.CheckAsync(node.Database, CancellationToken.None);
        Assert.Equal(0, await ClusterSchema.MigrateAsync(node.Database, CancellationToken.None));
        await node.Database.ExecuteAsync("insert into latentdb_schema values (1000, now())", [], TimeSpan.FromSeconds(10), CancellationToken.None);
        Assert.Equal(ErrorCode.UnsupportedFormat, (await Assert.ThrowsAsync<LatentDbException>(() => ClusterSchema.MigrateAsync(node.Database, CancellationToken.None))).Code);
    }

    [RequiresPostgresFact]
    public async Task A_lease_is_renewed_for_as_long_as_its_holder_lives()
    {
        await using ClusterNode first = await StartAsync("a", options => options.Lease = ShortLease);
        await using ClusterNode second = await StartAsync("b", options => options.Lease = ShortLease);
        ShardLease lease = (await first.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;

        // Two leases' time by the database's clock, during which the other one asks without end.
        ClusterView seen = await second.SeesAsync(view => view.Owners[0] == "a");
        long end = Environment.TickCount64 + (long)(2 * first.Options.Lease).TotalMilliseconds;
        while (Environment.TickCount64 < end) Assert.Null(await Patiently(() => second.Leases.TryAcquireAsync(Shard, CancellationToken.None).AsTask()));

        Assert.True(lease.IsHeld);
        Assert.Equal("a", seen.OwnerOf(Shard)?.Name);
        await lease.DisposeAsync();
    }

    [RequiresPostgresFact]
    public async Task When_the_database_stands_still_the_holder_knows_of_its_end_before_anybody_else_gets_the_lease()
    {
        await using ClusterNode first = await StartAsync("a", options => options.Lease = ShortLease);
        await using ClusterNode second = await StartAsync("b", options => options.Lease = ShortLease);
        ShardLease lease = (await first.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;
        await _server!.PauseAsync();

        await lease.Lost.AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.False(lease.IsHeld);
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => second.Leases.TryAcquireAsync(Shard, CancellationToken.None).AsTask());
        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        await _server.ResumeAsync();

        ShardLease? next = null;
        while (next is null) next = await Patiently(() => second.Leases.TryAcquireAsync(Shard, CancellationToken.None).AsTask());
        Assert.True(next.Term > lease.Term);
        Assert.False(lease.IsHeld);
        await lease.DisposeAsync();
        Assert.True(next.IsHeld);
        await next.DisposeAsync();
    }

    [RequiresPostgresFact]
    public async Task An_answer_that_comes_after_the_end_does_not_bring_a_lease_back()
    {
        var time = new ManualTimeProvider();
        await using var node = new ClusterNode(_server!.ConnectionString, "a", options => options.Lease = TimeSpan.FromMinutes(1), time);
        await ClusterSchema.MigrateAsync(node.Database, CancellationToken.None);
        var lease = (PostgresShardLease)(await node.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;
        await _server.PauseAsync(); // No renewal but the one below.
        time.Advance(TimeSpan.FromSeconds(50));
        long asked = time.GetTimestamp();
        Assert.True(lease.IsHeld);

        time.Advance(TimeSpan.FromSeconds(70));
        lease.Renewed(asked);

        Assert.False(lease.IsHeld);
        lease.Renewed(time.GetTimestamp());
        Assert.False(lease.IsHeld);
        await lease.DisposeAsync();
        await _server.ResumeAsync();
    }

    [RequiresPostgresFact]
    public async Task A_wall_clock_that_jumps_neither_ends_a_lease_nor_prolongs_it()
    {
        var time = new ManualTimeProvider();
        await using var node = new ClusterNode(_server!.ConnectionString, "a", options => options.Lease = TimeSpan.FromMinutes(1), time);
        await ClusterSchema.MigrateAsync(node.Database, CancellationToken.None);
        ShardLease lease = (await node.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;
        await _server.PauseAsync(); // A renewal on the way would prolong it.
        foreach (int hours in new[] { 1, -1, 24 * 3650, -24 * 3650 })
        {
            time.Set(time.GetUtcNow().AddHours(hours));
            Assert.True(lease.IsHeld);
        }

        time.Set(time.GetUtcNow().AddHours(-1));
        time.Advance(TimeSpan.FromSeconds(58));

        Assert.False(lease.IsHeld);
        await lease.DisposeAsync();
        await _server.ResumeAsync();
    }

    /// <summary>What a jump of the database's clock does: by it, all leases end an hour earlier.</summary>
    [RequiresPostgresFact]
    public async Task A_clock_of_the_database_that_jumps_forward_gives_a_shard_a_new_term_and_the_old_one_is_not_renewed()
    {
        await using ClusterNode first = await StartAsync("a", options => options.Lease = ShortLease);
        await using ClusterNode second = await StartAsync("b", options => options.Lease = ShortLease);
        ShardLease lease = (await first.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;
        var isLost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lease.Lost.Register(() => isLost.TrySetResult());

        await second.Database.ExecuteAsync("update latentdb_shards set lease_until = lease_until - interval '1 hour'", [], TimeSpan.FromSeconds(10), CancellationToken.None);
        ShardLease next = (await second.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;

        Assert.True(next.Term > lease.Term);
        await isLost.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.False(lease.IsHeld);
        Assert.True(next.IsHeld);
        await next.DisposeAsync();
        await lease.DisposeAsync();
    }

    [RequiresPostgresFact]
    public async Task Members_come_drain_go_and_die_and_everybody_sees_it()
    {
        await using ClusterNode first = await StartAsync("a");
        ClusterNode second = await StartAsync("b");
        await first.SeesAsync(view => view.Silos.Length == 2);
        Assert.Equal(SiloRoles.Store | SiloRoles.Api, first.Watch.Current.Find("b")!.Roles);

        second.Membership.Load = 0.5;
        await first.SeesAsync(view => view.Find("b")?.Load == 0.5);
        await second.Membership.DrainAsync(CancellationToken.None);
        await first.SeesAsync(view => view.Find("b")?.IsDraining == true);
        await second.DisposeAsync();
        await first.SeesAsync(view => view.Find("b") is null);

        // One that never said goodbye.
        await first.Database.ExecuteAsync(
            "insert into latentdb_silos values ('c', gen_random_uuid(), 'c:1', 1, false, 0, clock_timestamp())", [], TimeSpan.FromSeconds(10), CancellationToken.None);
        await first.SeesAsync(view => view.Find("c") is not null);
        await first.SeesAsync(view => view.Find("c") is null);
        await first.SeesAsync(view => view.Find("a") is not null);
    }

    [RequiresPostgresFact]
    public async Task A_process_that_takes_over_a_name_is_the_member_and_what_the_earlier_one_leased_is_not_its_own()
    {
        await using ClusterNode earlier = await StartAsync("a");
        ShardLease lease = (await earlier.Leases.TryAcquireAsync(Shard, CancellationToken.None))!;
        await earlier.SeesAsync(view => view.Owners[0] == "a");

        await using ClusterNode later = await StartAsync("a");
        Assert.Null(later.Watch.Current.Owners[0]);
        Assert.Null(await later.Leases.TryAcquireAsync(Shard, CancellationToken.None));
        await lease.DisposeAsync();
        Assert.NotNull(await later.Leases.TryAcquireAsync(Shard, CancellationToken.None));
        await earlier.SeesAsync(view => view.Owners[0] == "a");
    }

    [RequiresPostgresFact]
    public async Task A_refresh_ends_with_a_look_that_began_after_it_was_asked_for()
    {
        await using ClusterNode node = await StartAsync("a", options => options.Poll = TimeSpan.FromHours(1));
        await node.Database.ExecuteAsync(
            "insert into latentdb_silos values ('z', gen_random_uuid(), 'z:1', 1, false, 0, clock_timestamp() + interval '1 hour')", [], TimeSpan.FromSeconds(10), CancellationToken.None);

        ClusterView view = await node.Watch.RefreshAsync(CancellationToken.None);

        Assert.NotNull(view.Find("z"));
    }

    private async Task<ClusterNode> StartAsync(string name, Action<ClusterDatabaseOptions>? adjust = null)
    {
        var node = new ClusterNode(_server!.ConnectionString, name, adjust);
        await node.StartAsync();
        return node;
    }

    private static async Task<ShardLease?> Patiently(Func<Task<ShardLease?>> ask)
    {
        try
        {
            return await ask();
        }
        catch (LatentDbException e) when (e.Code == ErrorCode.StoreUnavailable)
        {
            return null;
        }
    }
}
