using System.Globalization;
using System.Net;
using System.Net.Sockets;
using LatentDb.Grains.Orleans;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using LatentDb.Silo.Cluster;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace LatentDb.Silo.Orleans;

/// <summary>Makes a silo of the cluster a silo of Orleans, with the members in the cluster's PostgreSQL.</summary>
internal static class OrleansSilo
{
    /// <summary>Longer than the longest inject: an answer that is late is an answer that is unknown.</summary>
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromHours(1);

    /// <summary>Three missed probes a second apart, and the votes of two: a silo that died is gone before the leases of its shards are.</summary>
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);

    /// <summary>A slow machine may double the time of a probe, not more: a silo that has lost its leases is of no use.</summary>
    private static readonly TimeSpan MaxProbeTimeout = 2 * ProbeTimeout;

    /// <summary>Three of these without a sign of life, and a silo that starts does not wait for one that is still in the list: all may have died at once.</summary>
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(5);

    /// <summary>A silo that slept learns from the table, if from nobody else, that it was declared dead.</summary>
    private static readonly TimeSpan TableRefresh = TimeSpan.FromSeconds(2);

    private const string Cluster = "latentdb";

    /// <summary>A message that is larger ends the connection; what the contracts' codec lets through is half of it.</summary>
    private const int MaxMessageBytes = 64 << 20;

    /// <summary>After the cluster's grains: it starts after what its grains need, and stops before.</summary>
    /// <exception cref="LatentDbException">configuration_invalid: the address of this silo has no IP.</exception>
    public static void Add(IServiceCollection services, SiloOptions options, ClusterSettings cluster)
    {
        IPEndPoint endpoint = EndpointOf(cluster.Address);
        services.AddOrleans(silo =>
        {
            Configure(silo, cluster, options.ClusterDatabase, endpoint);
            silo.AddMemoryGrains(TimeSpan.FromSeconds(options.IdleSeconds));
            silo.Services.Replace(ServiceDescriptor.Singleton<IFatalErrorHandler, OrderlyEnd>());
            UseLinks(silo.Services);
        });
    }

    private static void Configure(ISiloBuilder silo, ClusterSettings cluster, string database, IPEndPoint endpoint)
    {
        silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (Cluster, Cluster));
        silo.Configure<global::Orleans.Configuration.SiloOptions>(options => options.SiloName = cluster.Name);
        silo.UseSiloMetadata(new Dictionary<string, string>(StringComparer.Ordinal) { ["roles"] = cluster.Roles.ToString() });
        silo.UseAdoNetClustering(clustering => (clustering.Invariant, clustering.ConnectionString) = ("Npgsql", database));
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = ProbeTimeout;
            membership.TableRefreshTimeout = TableRefresh;
            membership.MaxProbeTimeout = MaxProbeTimeout;
            membership.IAmAliveTablePublishTimeout = SignOfLife;
        });
        silo.Configure<SiloMessagingOptions>(messaging =>
        {
            messaging.ResponseTimeout = ResponseTimeout;
            messaging.MaxMessageBodySize = MaxMessageBytes;
        });
#pragma warning disable ORLEANSEXP003 // Its name is experimental; the one that is not forgets grains while silos come and go.
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003

        // Its wait for a dead silo's grains keeps two of one memory from living at once; the shard's lease and epoch see to that already.
        silo.Configure<GrainDirectoryOptions>(directory => directory.RangeLeaseDuration = TimeSpan.Zero);

        // No gateway: clients speak HTTP, and the API is a part of the process.
        silo.ConfigureEndpoints(endpoint.Address, endpoint.Port, gatewayPort: 0);
    }

    /// <summary>
    /// Puts links in the place of sockets. Orleans registers sockets under keys that it keeps to itself, so all that are there are replaced; the one of
    /// gateways is never asked.
    /// </summary>
    private static void UseLinks(IServiceCollection services)
    {
        services.AddSingleton(provider => new LinkTransport(
            provider.GetRequiredService<ISiloLinks>(), provider.GetRequiredService<IClusterView>(), provider.GetRequiredService<IClusterMembershipService>));
        services.AddSingleton<ILinkService>(provider => provider.GetRequiredService<LinkTransport>());
        ServiceDescriptor[] sockets = [.. services.Where(service => service.IsKeyedService && (service.ServiceType == typeof(IConnectionFactory) || service.ServiceType == typeof(IConnectionListenerFactory)))];
        if (sockets.Length < 2) throw new InvalidOperationException("This Orleans makes its connections in a way that is not known here.");
        foreach (ServiceDescriptor socket in sockets)
        {
            services.Replace(ServiceDescriptor.DescribeKeyed(socket.ServiceType, socket.ServiceKey, static (provider, _) => provider.GetRequiredService<LinkTransport>(), ServiceLifetime.Singleton));
        }
    }

    /// <summary>Orleans calls silos by addresses of IP, which must differ; nothing listens there but the links.</summary>
    private static IPEndPoint EndpointOf(string address)
    {
        int colon = address.LastIndexOf(':');
        string host = colon < 0 ? address : address[..colon].Trim('[', ']');
        if (colon < 0 || !int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)) throw Unusable(address, "it has no port");
        try
        {
            IPAddress[] found = IPAddress.TryParse(host, out IPAddress? known) ? [known] : Dns.GetHostAddresses(host);
            return new IPEndPoint(found.FirstOrDefault(ip => ip.AddressFamily == AddressFamily.InterNetwork) ?? found.FirstOrDefault() ?? throw Unusable(address, "it has no IP"), port);
        }
        catch (SocketException error)
        {
            throw Unusable(address, error.Message);
        }
    }

    private static LatentDbException Unusable(string address, string why) => new(ErrorCode.ConfigurationInvalid, $"This silo's address {address} cannot be one of Orleans: {why}.");
}
