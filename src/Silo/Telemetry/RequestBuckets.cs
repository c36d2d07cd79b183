namespace LatentDb.Silo.Telemetry;

/// <summary>Bounds of the histogram of requests.</summary>
internal static class RequestBuckets
{
    /// <summary>Seconds. The framework's own bounds end at 10 s; a long inject or a streamed answer takes minutes, and reads of versions take under 1 ms.</summary>
    public static double[] Seconds { get; } = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
}
