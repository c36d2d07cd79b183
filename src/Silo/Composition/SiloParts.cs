using LatentDb.Grains.Hosting;
using LatentDb.Grains.Remote;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Replication;
using LatentDb.MemoryStore.Timeline;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Hosting;
using LatentDb.Silo.Audit;
using LatentDb.Silo.Cluster;
using LatentDb.Silo.Cluster.Database;
using LatentDb.Silo.Cluster.Links;
using LatentDb.Silo.Limits;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Access;
using LatentDb.Silo.Security.Tls;

namespace LatentDb.Silo.Composition;

/// <summary>
/// Store, model, grains and, in a cluster, what joins them with others. The order is that in which they start, and backwards that in which they stop: the
/// links first and last, then the store, the membership, the model, the grains.
/// </summary>
internal static class SiloParts
{
    public static void Add(IServiceCollection services, SiloOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(TimeProvider.System);
        bool ownsShards = ClusterSettings.Has(options, SiloRoles.Store);
        ClusterSettings? cluster = options.IsClustered() ? ClusterSettings.Of(options) : null;
        if (cluster is not null) services.AddLinks(options, cluster);
        if (ownsShards && options.IsReplicated()) AddReplication(services, options);
        services.AddMemoryStore(store => Configure(store, options), opens: ownsShards);
        if (cluster is not null) services.AddClusterDatabase(DatabaseOf(options, cluster));
        services.AddSecurity(options);
        services.AddTls(options);
        services.AddAudit(options);
        services.AddSingleton<TenantGate>();
        services.AddSingleton<SiloStanding>();
        AddModel(services, options);
        if (ownsShards) services.AddGrains(grains => Configure(grains, options));
        if (cluster is not null) AddClusterGrains(services, options, cluster);
        services.AddHostedService<StartBanner>();
        if (cluster is null) return;
        services.AddHostedService<LoadReport>();
        services.AddHostedService<ClusterDrain>();
    }

    private static void AddReplication(IServiceCollection services, SiloOptions options)
    {
        // A silo whose disk was lost comes back with an empty folder, and must open what the others have sealed.
        if (LocalMasterKeys.FromEnvironment() is not LocalMasterKeys keys)
        {
            throw new LatentDbException(ErrorCode.ConfigurationInvalid, $"With Replication every silo has the same master key: set {LocalMasterKeys.EnvironmentVariable} in the environment of all.");
        }

        keys.Dispose();
        var replication = new ReplicationOptions
        {
            Mode = options.Replication == "quorum" ? ReplicationMode.Quorum : ReplicationMode.Async,
            Copies = options.Replicas,
            MinInSync = options.MinInSync,
            DropAfter = TimeSpan.FromSeconds(options.LeaseSeconds * 0.3),
        };
        services.AddReplication(replication, options.Data, options.ShardCount());
    }

    private static void AddModel(IServiceCollection services, SiloOptions options)
    {
        if (options.Maintenance)
        {
            services.AddSingleton<IModelHost, AbsentModelHost>();
            return;
        }

        if (!ClusterSettings.Has(options, SiloRoles.Model))
        {
            services.AddRemoteModelHost();
            return;
        }

        services.AddModelHost(model => Configure(model, options));
        if (options.IsClustered()) services.AddModelService();
    }

    private static void AddClusterGrains(IServiceCollection services, SiloOptions options, ClusterSettings cluster)
    {
        if (cluster.Roles.HasFlag(SiloRoles.Store)) services.AddGrainService().AddBlockService(provider => provider.GetRequiredService<MemoryCatalog>().Blocks);
        services.AddClusterGrains();
        if (cluster.Roles != SiloRoles.Model) GrainTransport.Add(services, options, cluster);
    }

    private static ClusterDatabaseOptions DatabaseOf(SiloOptions options, ClusterSettings cluster) => new()
    {
        ConnectionString = options.ClusterDatabase,
        SiloName = cluster.Name,
        Address = cluster.Address,
        Roles = cluster.Roles,
        Shards = options.ShardCount(),
        Lease = TimeSpan.FromSeconds(options.LeaseSeconds),
        Heartbeat = TimeSpan.FromSeconds(options.LeaseSeconds) / 4,
        DeadAfter = TimeSpan.FromSeconds(options.LeaseSeconds),
        Migrates = options.ClusterMigrate,
        HasAccess = options.HasAccessInDatabase(),
        HasCopies = options.IsReplicated(),
        CopiesFolder = options.IsReplicated() && cluster.Roles.HasFlag(SiloRoles.Store) ? options.Data : null,
        MoreTables = GrainTransport.Tables,
    };

    private static void Configure(MemoryStoreOptions store, SiloOptions options)
    {
        store.Data = options.Data;
        store.Shards = options.ShardCount();
        store.IsShared = options.IsClustered();
        store.RetentionDays = options.RetentionDays > 0 ? options.RetentionDays : null;
        store.RetentionVersions = options.RetentionVersions > 0 ? options.RetentionVersions : null;
        store.CompactionPause = TimeSpan.FromSeconds(options.Maintenance ? 0 : options.CompactionSeconds);
        store.CompactionBytesPerSecond = options.CompactionBytesPerSecond;
        store.BackupPlace = options.Maintenance ? string.Empty : options.BackupPlace;
        store.BackupKeysPlace = options.BackupKeysPlace;
        store.BackupInterval = TimeSpan.FromSeconds(options.BackupSeconds);
        store.BackupKeep = TimeSpan.FromDays(options.BackupDays);
        store.BackupFiles = options.HasAccessInDatabase() ? [] : [AccessFile.Name];
        store.ScrubBytesPerSecond = options.Maintenance ? 0 : options.ScrubBytesPerSecond;
    }

    private static void Configure(GrainHostOptions grains, SiloOptions options)
    {
        grains.KeepText = options.KeepText;
        grains.TraceIds = options.TelemetryIds;
        grains.MaxActive = options.MaxActiveMemories;
        grains.IdleAfter = TimeSpan.FromSeconds(options.IdleSeconds);
        grains.DrainLimit = TimeSpan.FromSeconds(options.DrainSeconds);
    }

    private static void Configure(ModelHostOptions model, SiloOptions options)
    {
        model.Model = options.Model;
        model.Backend = options.Backend;
        model.Threads = options.Threads;
        model.ResidentBytes = options.ResidentBytes;
        model.HostBytes = options.HostBytes;
        model.Weights = options.Weights;
        model.RopeRounding = options.RopeRounding;
        model.ShortText = options.ShortText;
        model.MaxActive = options.MaxActiveRequests;
        model.MaxWaiting = options.MaxWaitingRequests;
        model.PromptCacheBytes = options.PromptCacheBytes;
        model.MaxInjectTokens = options.MaxInjectTokens;
        model.MaxNewTokens = options.MaxNewTokens;
        model.TraceText = options.TelemetryText;
    }
}
