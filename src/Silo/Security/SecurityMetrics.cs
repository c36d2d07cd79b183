using System.Diagnostics.Metrics;

namespace LatentDb.Silo.Security;

/// <summary>Instruments of the authentication, in the meter <c>LatentDb.Silo</c>.</summary>
internal static class SecurityMetrics
{
    public const string MeterName = "LatentDb.Silo";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("latentdb.auth.failures", "{request}", "Requests whose credential was missing, wrong, expired, or one too many.");

    /// <summary>Shows the reasons as zero from the start: an alert on a series that is not there yet would miss its first event.</summary>
    public static void Announce()
    {
        foreach (string reason in (string[])["missing", "expired", "bad", "throttled"]) Failures.Add(0, new KeyValuePair<string, object?>("reason", reason));
    }

    public static void Failed(string reason) => Failures.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
