using LatentDb.Cluster.Running;
using LatentDb.Testing;

namespace LatentDb.Cluster.Load;

/// <summary>What is done to a cluster, one thing after the other, some of them two at once. Each returns when the cluster is whole again.</summary>
/// <param name="cluster">Which.</param>
/// <param name="seed">Chooses whom it happens to.</param>
public sealed class Faults(ClusterFixture cluster, int seed)
{
    /// <summary>Much longer than a lease and a silo's death take, so that only what never happens runs into it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Blink = TimeSpan.FromSeconds(1);

    private readonly Random _random = new(seed);

    /// <summary>Kinds of faults.</summary>
    public const int Kinds = 20;

    /// <summary>The kinds in turn.</summary>
    public async Task<string> NextAsync(int round)
    {
        ClusterSilo[] stores = [.. cluster.Stores];
        ClusterSilo[] models = [.. cluster.Models];
        _random.Shuffle(stores);
        _random.Shuffle(models);
        string what = await Of(round % Kinds, stores, models);
        foreach (ClusterSilo silo in cluster.All) silo.Ports.Mend();
        await cluster.UntilHealthyAsync();
        return what;
    }

    private Task<string> Of(int kind, ClusterSilo[] stores, ClusterSilo[] models) => kind switch
    {
        0 => KillUntilReplacedAsync(stores[0]),
        1 => PausePastTheLeaseAsync(stores[0]),
        2 => TerminateAsync(stores[0]),
        3 => KillAndStartAsync(models[0]),
        4 => KillAndStartAsync(stores[0]),
        5 => BetweenAsync(stores[0], stores[1], ProxyState.Cut),
        6 => BetweenAsync(stores[0], stores[1], ProxyState.Silent),
        7 => BetweenAsync(stores[0], stores[1], ProxyState.Mute),
        8 => DatabaseOfAsync(stores[0], ProxyState.Cut),
        9 => PauseDatabaseAsync(),
        10 => TogetherAsync(KillUntilReplacedAsync(stores[0]), KillAndStartAsync(models[0])),
        11 => TogetherAsync(KillAndStartAsync(stores[0]), BetweenAsync(stores[1], stores[2], ProxyState.Cut)),
        12 => DatabaseOfAsync(stores[0], ProxyState.Silent),
        13 => PauseAsync(models[0]),
        14 => TogetherAsync(DatabaseOfAsync(stores[0], ProxyState.Mute), TerminateAsync(stores[1])),
        15 => TogetherAsync(KillAndStartAsync(models[0]), KillAndStartAsync(models[1])),
        16 => BetweenAsync(stores[0], models[0], ProxyState.Mute),
        17 => TogetherAsync(PausePastTheLeaseAsync(stores[0]), BetweenAsync(stores[1], stores[2], ProxyState.Silent)),
        18 => SwizzleAsync(stores),
        _ => TogetherAsync(KillAndStartAsync(stores[0]), KillAndStartAsync(stores[1])),
    };

    private static async Task<string> TogetherAsync(Task<string> one, Task<string> other) => string.Join(" | ", await Task.WhenAll(one, other));

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

    private static async Task<string> PauseAsync(ClusterSilo silo)
    {
        await silo.PauseAsync();
        await Task.Delay(3 * Blink);
        await silo.ResumeAsync();
        return $"{silo.Name} stopped for 3 s";
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

    /// <summary>What they ask each other, while both can reach all others and the database.</summary>
    private static async Task<string> BetweenAsync(ClusterSilo one, ClusterSilo other, ProxyState state)
    {
        one.Ports.SetLinks(state, [other.Name]);
        other.Ports.SetLinks(state, [one.Name]);
        await Task.Delay(4 * Blink);
        one.Ports.SetLinks(ProxyState.Whole);
        other.Ports.SetLinks(ProxyState.Whole);
        return $"{one.Name} and {other.Name} {state} for 4 s";
    }

    /// <summary>It reaches all silos and not the database: its leases end, and others take its shards.</summary>
    private async Task<string> DatabaseOfAsync(ClusterSilo silo, ProxyState state)
    {
        silo.Ports.SetDatabase(state);
        await cluster.Table.UntilOwnedWithoutAsync(silo.Name, Limit);
        silo.Ports.SetDatabase(ProxyState.Whole);
        return $"{silo.Name} and the database {state} until the others had its shards";
    }

    /// <summary>For everybody, for less than a lease.</summary>
    private async Task<string> PauseDatabaseAsync()
    {
        await cluster.Database.PauseAsync();
        await Task.Delay(Blink);
        await cluster.Database.ResumeAsync();
        return "the database stopped for 1 s";
    }

    /// <summary>Each store silo loses its ways to the others and the database one after the other, and gets them back in another order.</summary>
    private async Task<string> SwizzleAsync(ClusterSilo[] silos)
    {
        foreach (ClusterSilo silo in silos)
        {
            silo.Ports.SetLinks(ProxyState.Cut);
            silo.Ports.SetDatabase(ProxyState.Silent);
            await Task.Delay(Blink);
        }

        ClusterSilo[] back = [.. silos];
        _random.Shuffle(back);
        foreach (ClusterSilo silo in back)
        {
            silo.Ports.Mend();
            await Task.Delay(Blink);
        }

        return $"{string.Join(", ", silos.Select(silo => silo.Name))} cut off from all, back in the order {string.Join(", ", back.Select(silo => silo.Name))}";
    }
}
