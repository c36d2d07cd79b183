using LatentDb.MemoryStore.Cluster;

namespace LatentDb.Silo.Cluster;

/// <summary>What the options say of this silo's place in the cluster, as the parts want it.</summary>
/// <param name="Name">Unique among the living.</param>
/// <param name="Address">Where others reach it.</param>
/// <param name="Roles">What it does.</param>
internal sealed record ClusterSettings(string Name, string Address, SiloRoles Roles)
{
    /// <summary>Of options that were checked.</summary>
    public static ClusterSettings Of(SiloOptions options)
    {
        string first = options.ClusterUrls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[0];
        return new ClusterSettings(
            options.SiloName.Length > 0 ? options.SiloName : Environment.MachineName,
            options.ClusterAddress.Length > 0 ? options.ClusterAddress : new Uri(first).Authority,
            RolesOf(options));
    }

    /// <summary>True when this process does that; one that is alone does everything.</summary>
    public static bool Has(SiloOptions options, SiloRoles role) => !options.IsClustered() || RolesOf(options).HasFlag(role);

    private static SiloRoles RolesOf(SiloOptions options)
    {
        SiloRoles roles = SiloRoles.None;
        foreach (string role in options.Roles.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            roles |= role switch { "store" => SiloRoles.Store, "model" => SiloRoles.Model, _ => SiloRoles.Api };
        }

        return roles;
    }
}
