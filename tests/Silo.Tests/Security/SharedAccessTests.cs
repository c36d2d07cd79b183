using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Cluster.Database;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Access;
using LatentDb.Silo.Tests.Cluster;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.Silo.Tests.Security;

/// <summary>Tenants and keys of a cluster: in a file that the silos share, or in the cluster's database.</summary>
public sealed class SharedAccessTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Keys_in_a_file_keep_what_every_place_of_keys_keeps() => AccessStoreSuite.RunAsync(() => File());

    [RequiresPostgresFact]
    public async Task Keys_in_the_database_keep_what_every_place_of_keys_keeps()
    {
        await using PostgresServer server = await PostgresServer.StartAsync();
        await using ClusterNode node = await StartAsync(server);

        await AccessStoreSuite.RunAsync(() => Table(node));
    }

    [RequiresPostgresFact]
    public async Task The_first_silo_brings_the_keys_of_its_folder_into_the_database_and_a_silo_without_keys_takes_none_away()
    {
        await using PostgresServer server = await PostgresServer.StartAsync();
        await using ClusterNode node = await StartAsync(server);
        using (AccessCatalog file = await AccessStoreSuite.OpenAsync(File())) await file.ChangeAsync(s => s.Add(AccessStoreSuite.Key("one"), Now), CancellationToken.None);
        await AccessTable.RequireUnusedAsync(node.Database, node.Options.DeadAfter, CancellationToken.None);

        using AccessCatalog empty = await AccessStoreSuite.OpenAsync(Table(node, "elsewhere"));
        Assert.Empty(empty.State.Keys);
        AccessCatalog[] catalogs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => AccessStoreSuite.OpenAsync(Table(node))));
        await empty.RefreshAsync(CancellationToken.None);

        Assert.All([.. catalogs, empty], catalog => Assert.True(AccessStoreSuite.Find(catalog, "one").IsUsable(Now)));
        await catalogs[0].ChangeAsync(s => s.Revoke(AccessStoreSuite.Find(catalogs[0], "one").Id, MemoryStore.Identity.TenantId.Default, Now, hasAdminKey: true), CancellationToken.None);
        using AccessCatalog later = await AccessStoreSuite.OpenAsync(Table(node));
        Assert.False(AccessStoreSuite.Find(later, "one").IsUsable(Now));

        // The folder's file would open what was revoked: a silo that still reads it does not start.
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => AccessTable.RequireUnusedAsync(node.Database, node.Options.DeadAfter, CancellationToken.None));
        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
        foreach (AccessCatalog catalog in catalogs) catalog.Dispose();
    }

    [RequiresPostgresFact]
    public async Task A_row_that_does_not_fit_its_checksum_lets_nobody_in_and_a_database_that_fails_leaves_in_force_what_was_known()
    {
        await using PostgresServer server = await PostgresServer.StartAsync();
        await using ClusterNode node = await StartAsync(server);
        using AccessCatalog catalog = await AccessStoreSuite.OpenAsync(Table(node));
        await catalog.ChangeAsync(s => s.Add(AccessStoreSuite.Key("one"), Now), CancellationToken.None);

        await node.Database.ExecuteAsync("update latentdb_access set revision = 7, content = set_byte(content, 20, 1)", [], TimeSpan.FromSeconds(10), CancellationToken.None);

        Assert.Equal(ErrorCode.DataDamaged, (await Assert.ThrowsAsync<LatentDbException>(() => AccessStoreSuite.OpenAsync(Table(node)))).Code);
        Assert.Equal(ErrorCode.DataDamaged, (await Assert.ThrowsAsync<LatentDbException>(() => catalog.RefreshAsync(CancellationToken.None))).Code);
        await node.Database.ExecuteAsync("alter table latentdb_access rename to elsewhere", [], TimeSpan.FromSeconds(10), CancellationToken.None);
        Assert.Equal(ErrorCode.StoreUnavailable, (await Assert.ThrowsAsync<LatentDbException>(() => catalog.RefreshAsync(CancellationToken.None))).Code);
        Assert.True(AccessStoreSuite.Find(catalog, "one").IsUsable(Now));
    }

    [Fact]
    public async Task While_another_process_keeps_the_turn_a_change_is_refused_in_the_end_and_nothing_has_changed()
    {
        var time = new ManualTimeProvider();
        using AccessCatalog late = await AccessStoreSuite.OpenAsync(File(time));
        Task<AccessState> change;
        using (new FileStream(Path.Combine(_folder.Path, "access.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            change = late.ChangeAsync(s => s.Add(AccessStoreSuite.Key("one"), Now), CancellationToken.None);
            Assert.False(change.IsCompleted);
            while (!change.IsCompleted)
            {
                time.Advance(SecurityLimits.AccessTurnPause);
                await Task.Yield();
            }

            Assert.Equal(ErrorCode.StoreUnavailable, (await Assert.ThrowsAsync<LatentDbException>(() => change)).Code);
        }

        Assert.Empty(File().Read().Keys);
        await late.ChangeAsync(s => s.Add(AccessStoreSuite.Key("one"), Now), CancellationToken.None);
        Assert.Single(File().Read().Keys);
    }

    private static async Task<ClusterNode> StartAsync(PostgresServer server)
    {
        var node = new ClusterNode(server.ConnectionString, "a");
        await ClusterSchema.MigrateAsync(node.Database, CancellationToken.None);
        return node;
    }

    private AccessFile File(TimeProvider? time = null) => new(LocalDisk.Instance, _folder.Path, time ?? TimeProvider.System, isShared: true);

    private AccessTable Table(ClusterNode node, string folder = "") =>
        new(node.Database, node.Options, new AccessFile(LocalDisk.Instance, _folder.Combine(folder), TimeProvider.System), TimeProvider.System, NullLogger<AccessTable>.Instance);
}
