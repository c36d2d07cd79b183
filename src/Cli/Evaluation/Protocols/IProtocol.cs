using LatentDb.Client;

namespace LatentDb.Cli.Evaluation.Protocols;

/// <summary>What is done with a memory and measured at it.</summary>
internal interface IProtocol
{
    string Name { get; }

    /// <summary>Independent parts; each has memories of its own and may run beside others.</summary>
    int Items { get; }

    /// <summary>What makes this run another one than that of the same protocol with other data: checked when a run goes on.</summary>
    IReadOnlyDictionary<string, string> Identity { get; }

    /// <summary>Runs one item.</summary>
    /// <param name="context">The server, and names for memories.</param>
    /// <param name="item">0 to Items - 1.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task<IReadOnlyList<Measurement>> RunAsync(ItemContext context, int item, CancellationToken cancellationToken);
}

/// <summary>What an item may use.</summary>
internal sealed record ItemContext(LatentDbClient Client, EvaluationSettings Settings, string Run)
{
    /// <summary>A fresh memory of an item.</summary>
    public Task<Episode> BeginAsync(int item, CancellationToken cancellationToken, string part = "") =>
        Episode.BeginAsync(Client, $"eval.{Run}.{item}{part}", Settings, item, cancellationToken);
}
