using System.Net;
using Orleans.Configuration;
using Orleans.Hosting;

namespace LatentDb.Silo.Orleans;

/// <summary>Makes the process a silo of Orleans, with the members in the cluster's PostgreSQL.</summary>
internal static class OrleansSilo
{
    /// <summary>Longer than the longest inject: an answer that is late is an answer that is unknown.</summary>
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromHours(1);

    /// <summary>Three missed probes a second apart, and the votes of two: a silo that died is gone before the leases of its shards are.</summary>
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);

    private const string Cluster = "latentdb";

    /// <summary>A message that is larger ends the connection; what the contracts' codec lets through is half of it.</summary>
    private const int MaxMessageBytes = 64 << 20;

    /// <param name="silo">Of the host that is being built.</param>
    /// <param name="name">The name that this process has in the cluster's view.</param>
    /// <param name="database">Npgsql connection string; the tables of <see cref="OrleansTables"/> are there.</param>
    /// <param name="endpoint">Where other silos reach this one. The port is not authenticated: a network policy must keep everybody else away.</param>
    public static void Configure(ISiloBuilder silo, string name, string database, IPEndPoint endpoint)
    {
        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (Cluster, Cluster));
        silo.Configure<global::Orleans.Configuration.SiloOptions>(options => options.SiloName = name);
        silo.UseAdoNetClustering(clustering => (clustering.Invariant, clustering.ConnectionString) = ("Npgsql", database));
        silo.Configure<ClusterMembershipOptions>(membership => membership.ProbeTimeout = ProbeTimeout);
        silo.Configure<SiloMessagingOptions>(messaging =>
        {
            messaging.ResponseTimeout = ResponseTimeout;
            messaging.MaxMessageBodySize = MaxMessageBytes;
        });

        // No gateway: clients speak HTTP, and the API is a part of the process.
        silo.ConfigureEndpoints(endpoint.Address, endpoint.Port, gatewayPort: 0, listenOnAnyHostAddress: true);
    }
}
