using System.Diagnostics;
using System.Diagnostics.Metrics;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Grains.Telemetry;

/// <summary>Traces and metrics of the grains, under the name <c>LatentDb.Grains</c>.</summary>
internal sealed class GrainTelemetry : IDisposable
{
    public const string Name = "LatentDb.Grains";

    private readonly ActivitySource _source = new(Name);
    private readonly Meter _meter = new(Name);
    private readonly TimeProvider _time;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _wait;

    /// <param name="time">What durations are measured with.</param>
    /// <param name="activeCount">How many grains are in memory.</param>
    public GrainTelemetry(TimeProvider time, Func<int> activeCount)
    {
        _time = time;
        _duration = _meter.CreateHistogram<double>("latentdb.grains.call.duration", "s", "Time of a call of a memory's grain, with its wait, by verb and outcome.");
        _wait = _meter.CreateHistogram<double>("latentdb.grains.turn.wait", "s", "Time that a write waited for its turn.");
        _meter.CreateObservableGauge("latentdb.grains.active", activeCount, "{grain}", "Grains in memory.");
    }

    /// <summary>Begins a span; its disposal records duration and outcome.</summary>
    public CallRecord Begin(string verb) => new(this, verb);

    /// <summary>Runs a call inside a span. Outcomes: ok, cancelled, or the error's code.</summary>
    public async Task<T> RecordAsync<T>(string verb, Func<Task<T>> call)
    {
        using CallRecord record = Begin(verb);
        try
        {
            T result = await call().ConfigureAwait(false);
            record.Outcome = CallRecord.Ok;
            return result;
        }
        catch (LatentDbException error)
        {
            record.Outcome = error.Code.Name;
            throw;
        }
        catch (OperationCanceledException)
        {
            record.Outcome = "cancelled";
            throw;
        }
    }

    public void RecordWait(long waitedSince) => _wait.Record(_time.GetElapsedTime(waitedSince).TotalSeconds);

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }

    /// <summary>One call that is being measured.</summary>
    internal sealed class CallRecord(GrainTelemetry owner, string verb) : IDisposable
    {
        public const string Ok = "ok";

        private readonly Activity? _activity = owner._source.StartActivity($"memory.{verb}");
        private readonly long _start = owner._time.GetTimestamp();

        /// <summary>How it ended; a call that tells nothing was left before its end.</summary>
        public string Outcome { get; set; } = "unfinished";

        public void Dispose()
        {
            if (Outcome != Ok) _activity?.SetStatus(ActivityStatusCode.Error, Outcome);
            owner._duration.Record(owner._time.GetElapsedTime(_start).TotalSeconds, new("verb", verb), new("outcome", Outcome));
            _activity?.Dispose();
        }
    }
}
