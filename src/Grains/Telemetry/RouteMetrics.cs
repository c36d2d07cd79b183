using System.Diagnostics.Metrics;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Grains.Telemetry;

/// <summary>How calls of memories find their owners in a cluster; zero where there is none.</summary>
public static class RouteMetrics
{
    private static readonly Meter Meter = new(GrainTelemetry.Name);

    private static readonly Counter<long> Routed = Meter.CreateCounter<long>("latentdb.grains.routed", "{call}", "Tries of calls of memories, by where the owner is.");

    private static readonly Counter<long> Retried = Meter.CreateCounter<long>("latentdb.grains.route.retried", "{call}", "Tries that were made again, by why the last one ended.");

    private static readonly Counter<double> Waited = Meter.CreateCounter<double>("latentdb.grains.route.waited", "s", "Time from the first try to the last of calls that had more than one.");

    /// <summary>Makes what rarely happens visible as zero.</summary>
    public static void Announce()
    {
        foreach (string way in (string[])["local", "remote"]) Routed.Add(0, new KeyValuePair<string, object?>("way", way));
        foreach (ErrorCode code in (ErrorCode[])[ErrorCode.NotOwner, ErrorCode.SiloUnreachable]) Retried.Add(0, new KeyValuePair<string, object?>("code", code.Name));
        Waited.Add(0);
    }

    internal static void Found(bool isHere) => Routed.Add(1, new KeyValuePair<string, object?>("way", isHere ? "local" : "remote"));

    internal static void Repeated(ErrorCode code) => Retried.Add(1, new KeyValuePair<string, object?>("code", code.Name));

    internal static void Ended(TimeSpan waited) => Waited.Add(waited.TotalSeconds);
}
