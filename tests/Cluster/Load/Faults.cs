using LatentDb.Cluster.Running;

namespace LatentDb.Cluster.Load;

/// <summary>What is done to a cluster, one thing at a time. Each returns when the cluster is whole again.</summary>
/// <param name="cluster">Which.</param>
/// <param name="seed">Chooses whom it happens to.</param>
public sealed class Faults(ClusterFixture cluster, int seed)
{
    /// <summary>Much longer than a lease and a silo's death take, so that only what never happens runs into it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Random _random = new(seed);

    /// <summary>The kinds in turn.</summary>
    public async Task<string> NextAsync(int round)
    {
        ClusterSilo store = cluster.Stores[_random.Next(cluster.Stores.Count)];
        ClusterSilo model = cluster.Models[_random.Next(cluster.Models.Count)];
        Task<string> fault = (round % 5) switch
        {
            0 => KillUntilReplacedAsync(store),
            1 => PausePastTheLeaseAsync(store),
            2 => TerminateAsync(store),
            3 => KillAndStartAsync(model),
            _ => KillAndStartAsync(store),
        };
        string what = await fault;
        await cluster.UntilHealthyAsync();
        return what;
    }

    private async Task<string> KillUntilReplacedAsync(ClusterSilo silo)
    {
        await silo.KillAsync();
        await cluster.Table.UntilOwnedWithoutAsync(silo.Name, Limit);
        await silo.StartAsync();
        return $"{silo.Name} killed, and started when the others had its shards";
    }

    private async Task<string> PausePastTheLeaseAsync(ClusterSilo silo)
    {
        await silo.PauseAsync();
        try
        {
            await cluster.Table.UntilOwnedWithoutAsync(silo.Name, Limit);
        }
        finally
        {
            await silo.ResumeAsync();
        }

        await silo.SuperviseAsync();
        return $"{silo.Name} stopped, and woken when the others had its shards";
    }

    private static async Task<string> TerminateAsync(ClusterSilo silo)
    {
        await silo.TerminateAsync();
        await silo.StartAsync();
        return $"{silo.Name} ended in order, and started";
    }

    private static async Task<string> KillAndStartAsync(ClusterSilo silo)
    {
        await silo.KillAsync();
        await silo.StartAsync();
        return $"{silo.Name} killed, and started at once";
    }
}
