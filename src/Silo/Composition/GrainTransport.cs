using LatentDb.Silo.Cluster;
#if ORLEANS
using LatentDb.Silo.Orleans;
#endif

namespace LatentDb.Silo.Composition;

/// <summary>How the silos of a cluster call each other's grains: over links, in a build with -p:Cluster=Orleans through Orleans.</summary>
internal static class GrainTransport
{
    /// <summary>Statements that make what it needs in the cluster's database; they may run at any time.</summary>
    public static IReadOnlyList<string> Tables { get; } =
#if ORLEANS
        [OrleansTables.Script];
#else
        [];
#endif

    /// <summary>For a silo that has grains or asks for them, after those of the cluster.</summary>
    public static void Add(IServiceCollection services, SiloOptions options, ClusterSettings cluster)
    {
#if ORLEANS
        OrleansSilo.Add(services, options, cluster);
#endif
    }
}
