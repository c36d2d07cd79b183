using LatentDb.MemoryStore.Cluster;
using LatentDb.Silo.Cluster.Database;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.Silo.Tests.Cluster;

/// <summary>What one silo has of the cluster's database, without the silo.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    private readonly ClusterDatabase _database;
    private readonly SiloIncarnation _incarnation = new();
    private readonly PostgresShardLeases _leases;

    public ClusterNode(string connectionString, string name, Action<ClusterDatabaseOptions>? adjust = null, TimeProvider? time = null)
    {
        Options = new ClusterDatabaseOptions
        {
            ConnectionString = connectionString,
            SiloName = name,
            Address = $"{name}:5090",
            Roles = SiloRoles.Store | SiloRoles.Api,
            Shards = 8,
            Migrates = true,

            // Statements may take a quarter of a lease, and a heartbeat: short ones are for tests of their ends.
            Lease = TimeSpan.FromSeconds(30),
            Heartbeat = TimeSpan.FromSeconds(2),
            DeadAfter = TimeSpan.FromSeconds(10),
            Poll = TimeSpan.FromMilliseconds(200),
        };
        adjust?.Invoke(Options);
        TimeProvider clock = time ?? TimeProvider.System;
        _database = new ClusterDatabase(connectionString);
        Membership = new ClusterMembership(_database, Options, _incarnation, clock, NullLogger<ClusterMembership>.Instance);
        Watch = new ClusterWatch(_database, Options, clock, NullLogger<ClusterWatch>.Instance);
        _leases = new PostgresShardLeases(_database, Options, _incarnation, clock, NullLogger<PostgresShardLeases>.Instance);
    }

    public ClusterDatabaseOptions Options { get; }

    public ClusterDatabase Database => _database;

    public ClusterMembership Membership { get; }

    public ClusterWatch Watch { get; }

    public IShardLeases Leases => _leases;

    public async Task StartAsync()
    {
        await Membership.StartingAsync(CancellationToken.None);
        await Watch.StartingAsync(CancellationToken.None);
    }

    /// <summary>Waits for a view that has what is asked for.</summary>
    public async Task<ClusterView> SeesAsync(Func<ClusterView, bool> wanted)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        ClusterView view = Watch.Current;
        while (!wanted(view)) view = await Watch.WaitForAsync(view.Number, limit.Token);
        return view;
    }

    public async ValueTask DisposeAsync()
    {
        await _leases.DisposeAsync();
        await Watch.StoppedAsync(CancellationToken.None);
        await Membership.StoppedAsync(CancellationToken.None);
        Watch.Dispose();
        Membership.Dispose();
        await _database.DisposeAsync();
    }
}
