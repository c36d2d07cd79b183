using System.Diagnostics;
using System.Diagnostics.Metrics;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Telemetry;

/// <summary>Traces and metrics of the grains, under the name <c>LatentDb.Grains</c>.</summary>
internal sealed class GrainTelemetry : IDisposable
{
    public const string Name = "LatentDb.Grains";

    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] };

    private readonly ActivitySource _source = new(Name);
    private readonly Meter _meter = new(Name);
    private readonly TimeProvider _time;
    private readonly SpanNames _names;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _wait;

    /// <param name="time">What durations are measured with.</param>
    /// <param name="names">How spans call memories.</param>
    /// <param name="activeCount">How many grains are in memory.</param>
    public GrainTelemetry(TimeProvider time, SpanNames names, Func<int> activeCount)
    {
        _time = time;
        _names = names;
        _duration = _meter.CreateHistogram("latentdb.grains.call.duration", "s", "Time of a call of a memory's grain, with its wait, by verb and outcome.", null, Seconds);
        _wait = _meter.CreateHistogram("latentdb.grains.turn.wait", "s", "Time that a write waited for its turn.", null, Seconds);
        _meter.CreateObservableGauge("latentdb.grains.active", activeCount, "{grain}", "Grains in memory.");
    }

    /// <summary>Begins a span; its disposal records duration and outcome.</summary>
    public CallRecord Begin(string verb, MemoryKey memory) => new(this, verb, memory);

    /// <summary>Runs a call inside a span. Outcomes: ok, cancelled, or the error's code.</summary>
    public async Task<T> RecordAsync<T>(string verb, MemoryKey memory, Func<Task<T>> call)
    {
        using CallRecord record = Begin(verb, memory);
        try
        {
            T result = await call().ConfigureAwait(false);
            record.Describe(result);
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

    /// <summary>Begins a span for a call that came from another silo.</summary>
    /// <param name="traceParent">W3C trace context of the caller; null = it records none.</param>
    public Activity? BeginArrival(string? traceParent) => _source.StartActivity("grain.link", ActivityKind.Server, traceParent);

    /// <summary>Begins the wait of a write for its turn.</summary>
    public TurnWait BeginWait() => new(this);

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }

    /// <summary>One call that is being measured.</summary>
    internal sealed class CallRecord : IDisposable
    {
        public const string Ok = "ok";

        private readonly GrainTelemetry _owner;
        private readonly string _verb;
        private readonly long _start;
        private readonly Activity? _activity;

        public CallRecord(GrainTelemetry owner, string verb, MemoryKey memory)
        {
            _owner = owner;
            _verb = verb;
            _start = owner._time.GetTimestamp();
            _activity = owner._source.StartActivity($"memory.{verb}");
            _activity?.SetTag("latentdb.tenant", memory.Tenant.ToString()).SetTag("latentdb.memory", owner._names.Of(memory));
        }

        /// <summary>How it ended; a call that tells nothing was left before its end.</summary>
        public string Outcome { get; set; } = "unfinished";

        /// <summary>Makes this the span of what follows. An iterator needs it after each of its steps: whoever asks for the next one brings his own.</summary>
        public void Resume()
        {
            if (_activity is not null) Activity.Current = _activity;
        }

        /// <summary>Notes what came of it, as far as it is known to be nobody's words.</summary>
        public void Describe(object? result)
        {
            if (_activity is null) return;
            VersionNumber? version = result switch
            {
                InjectResult injected => injected.Version.Number,
                MemoryVersion made => made.Number,
                QueryStarted started => started.Version,
                _ => null,
            };
            if (version is { } number) _activity.SetTag("latentdb.version", number.Value);
            if (result is InjectResult { IsReplay: false } written) _activity.SetTag("latentdb.tokens", written.Version.Tokens).SetTag("latentdb.chunks", written.Version.Chunks);
        }

        public void Dispose()
        {
            if (Outcome != Ok) _activity?.SetStatus(ActivityStatusCode.Error, Outcome);
            _owner._duration.Record(_owner._time.GetElapsedTime(_start).TotalSeconds, new("verb", _verb), new("outcome", Outcome));
            _activity?.Dispose();
        }
    }

    /// <summary>The time from a write's arrival to its turn.</summary>
    internal sealed class TurnWait(GrainTelemetry owner) : IDisposable
    {
        private readonly Activity? _activity = owner._source.StartActivity("memory.turn");
        private readonly long _start = owner._time.GetTimestamp();

        /// <summary>The turn has come.</summary>
        public void End()
        {
            owner._wait.Record(owner._time.GetElapsedTime(_start).TotalSeconds);
            _activity?.Dispose();
        }

        public void Dispose() => _activity?.Dispose();
    }
}
