using System.Diagnostics.Metrics;

namespace LatentDb.ModelHost.Telemetry;

/// <summary>What the loop that computes tells about itself, on the meter <c>LatentDb.ModelHost</c>. Recorded by the loop's thread.</summary>
internal sealed class LoopTelemetry : IDisposable
{
    private static readonly InstrumentAdvice<int> Sequences = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 128, 256] };

    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] };

    private readonly Meter _meter = new(ModelTelemetry.Name);
    private readonly Histogram<int> _batch;
    private readonly Histogram<double> _step;
    private readonly Histogram<double> _iteration;
    private readonly Counter<long> _faults;

    public LoopTelemetry()
    {
        _batch = _meter.CreateHistogram("latentdb.model.batch.size", "{sequence}", "Answers that one decode step moved on together.", null, Sequences);
        _step = _meter.CreateHistogram("latentdb.model.step.duration", "s", "Time of one decode step of all running answers.", null, Seconds);
        _iteration = _meter.CreateHistogram("latentdb.model.iteration.duration", "s", "Time of one turn of the loop: a decode step and the pieces of prefills and injects after it.", null, Seconds);
        _faults = _meter.CreateCounter<long>("latentdb.model.loop.faults", "{fault}", "Defects that the loop met: a request, or all that were computing, ended with an error.");
    }

    public void Stepped(int sequences, TimeSpan duration)
    {
        Record(_batch, sequences);
        Record(_step, duration.TotalSeconds);
    }

    public void Iterated(TimeSpan duration) => Record(_iteration, duration.TotalSeconds);

    public void Faulted() => Record(_faults, 1);

    public void Dispose() => _meter.Dispose();

    private static void Record<T>(Instrument<T> instrument, T value)
        where T : struct
    {
        try
        {
            if (instrument is Histogram<T> histogram) histogram.Record(value);
            else ((Counter<T>)instrument).Add(value);
        }
#pragma warning disable CA1031, RCS1075 // Listeners are not ours; one that throws loses a measurement, and must not end the requests that are computing.
        catch (Exception)
#pragma warning restore CA1031, RCS1075
        {
        }
    }
}
