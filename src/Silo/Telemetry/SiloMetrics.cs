using System.Diagnostics.Metrics;

namespace LatentDb.Silo.Telemetry;

/// <summary>Instruments of the edge, meter <c>LatentDb.Silo</c>.</summary>
internal sealed class SiloMetrics : IDisposable
{
    private readonly Meter _meter = new(TelemetryNames.Silo);
    private readonly Counter<long> _problems;

    public SiloMetrics() => _problems = _meter.CreateCounter<long>("latentdb.http.problems", "{problem}", "Requests that were answered with a problem, by its code.");

    /// <summary>A request was told of a problem, in its status or, in the middle of a stream, in its last event.</summary>
    public void Problem(string code) => _problems.Add(1, new KeyValuePair<string, object?>("code", code));

    public void Dispose() => _meter.Dispose();
}
