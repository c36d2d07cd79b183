using System.Diagnostics;
using LatentDb.Testing.Histories;

namespace LatentDb.Cluster.Load;

/// <summary>One fault that was done to a cluster, and from when to when.</summary>
/// <param name="Number">Of the round.</param>
/// <param name="What">Happened to whom.</param>
/// <param name="Started">In ticks of the clock of operations.</param>
/// <param name="Ended">When the cluster was whole again.</param>
public sealed record FaultRound(int Number, string What, long Started, long Ended)
{
    /// <summary>A line with the longest wait for an answer to what was asked meanwhile, or was not answered yet when it began.</summary>
    public string Tell(IReadOnlyCollection<Operation> operations)
    {
        Operation? slowest = operations.Where(o => o.Outcome != OperationOutcome.Unknown && o.Invoked <= Ended && o.Returned >= Started).MaxBy(o => o.Returned - o.Invoked);
        string wait = slowest is null ? "nothing was asked" : $"longest wait {Seconds(slowest.Invoked, slowest.Returned)}, for {slowest.Kind} asked {Seconds(Started, slowest.Invoked)} after it began";
        return $"round {Number}: {What}; whole again after {Seconds(Started, Ended)}; {wait}";
    }

    private static string Seconds(long from, long to) => FormattableString.Invariant($"{Stopwatch.GetElapsedTime(from, to).TotalSeconds:F1} s");
}
