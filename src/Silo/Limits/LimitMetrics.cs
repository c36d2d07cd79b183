using System.Diagnostics.Metrics;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Limits;

/// <summary>Instruments of the limits, in the meter <c>LatentDb.Silo</c>.</summary>
internal static class LimitMetrics
{
    private static readonly Meter Meter = new(SecurityMetrics.MeterName);

    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>("latentdb.limits.refusals", "{request}", "Requests that a tenant's limits refused.");

    /// <summary>Shows the limits as zero from the start.</summary>
    public static void Announce()
    {
        foreach (string limit in (string[])["requests", "injects", "tokens", "generations", "memories_quota", "bytes_quota"]) Refusals.Add(0, new KeyValuePair<string, object?>("limit", limit));
    }

    public static void Refused(string limit) => Refusals.Add(1, new KeyValuePair<string, object?>("limit", limit));
}
