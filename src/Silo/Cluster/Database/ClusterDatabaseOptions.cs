using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Cluster.Database;

/// <summary>How this silo takes part in a cluster whose members meet in a PostgreSQL database.</summary>
public sealed class ClusterDatabaseOptions
{
    /// <summary>Npgsql connection string.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>This silo's name, unique among the living.</summary>
    public string SiloName { get; set; } = "";

    /// <summary>Where other silos reach it, host:port.</summary>
    public string Address { get; set; } = "";

    /// <summary>What it does.</summary>
    public SiloRoles Roles { get; set; } = SiloRoles.Store | SiloRoles.Model | SiloRoles.Api;

    /// <summary>Shards of the data folder.</summary>
    public int Shards { get; set; } = 64;

    /// <summary>For how long a shard is leased: as long nobody else may have it after its owner has died. Default 6 s, so that its shards answer again within 10; renewed four times as often.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>Between two signs of life. Default 1.5 s.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Without a sign of life for so long a silo counts as dead. Default 6 s, a lease.</summary>
    public TimeSpan DeadAfter { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>Between two looks at the tables, which also happen as soon as the database tells of a change. Default 1 s.</summary>
    public TimeSpan Poll { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>True: the tables are made or brought up to date at start.</summary>
    public bool Migrates { get; set; }

    /// <summary>True: tenants and keys are in the database.</summary>
    public bool HasAccess { get; set; }

    /// <summary>True: this silo keeps copies of shards in a folder of its own; false: shards lie in a folder that all share.</summary>
    public bool HasCopies { get; set; }

    /// <summary>Where the copies lie; the cluster that they are of is noted there. Null: this silo keeps none.</summary>
    public string? CopiesFolder { get; set; }

    /// <summary>Statements that make what others need in the same database; they are run with each migration, and do nothing where all is there.</summary>
    public IReadOnlyList<string> MoreTables { get; set; } = [];

    /// <exception cref="LatentDbException">configuration_invalid, with the value.</exception>
    public void Check()
    {
        if (ConnectionString.Length == 0) throw Invalid(nameof(ConnectionString), "(empty)", "an Npgsql connection string");
        if (SiloName.Length is 0 or > 128) throw Invalid(nameof(SiloName), SiloName, "1 to 128 characters");
        if (Address.Length is 0 or > 256) throw Invalid(nameof(Address), Address, "host:port");
        if (Shards is < 1 or > MemoryStore.StoreLimits.MaxShards) throw Invalid(nameof(Shards), Shards, $"1 to {MemoryStore.StoreLimits.MaxShards}");
        if (Lease < TimeSpan.FromSeconds(1) || Lease > TimeSpan.FromMinutes(10)) throw Invalid(nameof(Lease), Lease, "1 s to 10 min");
        if (Heartbeat <= TimeSpan.Zero) throw Invalid(nameof(Heartbeat), Heartbeat, "more than 0");
        if (DeadAfter < 2 * Heartbeat) throw Invalid(nameof(DeadAfter), DeadAfter, "two heartbeats or more");
        if (Poll <= TimeSpan.Zero) throw Invalid(nameof(Poll), Poll, "more than 0");
    }

    private static LatentDbException Invalid(string name, object value, string allowed) =>
        new(ErrorCode.ConfigurationInvalid, $"The cluster option {name} has the value '{value}'; allowed: {allowed}.");
}
