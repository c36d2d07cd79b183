using System.Diagnostics.Metrics;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Audit;

/// <summary>Instruments of the audit log, in the meter <c>LatentDb.Silo</c>.</summary>
internal static class AuditMetrics
{
    private static readonly Meter Meter = new(SecurityMetrics.MeterName);

    private static readonly Counter<long> Lines = Meter.CreateCounter<long>("latentdb.audit.lines", "{line}", "Lines of the audit log.");

    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("latentdb.audit.failures", "{failure}", "Times that the audit log could not be written.");

    /// <summary>Shows both as zero from the start.</summary>
    public static void Announce()
    {
        Lines.Add(0);
        Failures.Add(0);
    }

    public static void Written(int lines) => Lines.Add(lines);

    public static void Failed() => Failures.Add(1);
}
