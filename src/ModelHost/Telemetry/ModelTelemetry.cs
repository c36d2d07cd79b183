using System.Diagnostics;
using System.Diagnostics.Metrics;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Telemetry;

/// <summary>Traces and metrics of one model host, under the name <c>LatentDb.ModelHost</c>. Thread-safe.</summary>
internal sealed class ModelTelemetry : IDisposable
{
    public const string Name = "LatentDb.ModelHost";

    /// <summary>Pieces of one inject that get spans of their own; a book has hundreds, and the sums of all are in the stage histogram.</summary>
    public const int MaxTracedChunks = 8;

    private static readonly InstrumentAdvice<double> RequestSeconds = new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] };

    private static readonly InstrumentAdvice<double> TokenSeconds = new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] };

    private readonly ActivitySource _source = new(Name);
    private readonly Meter _meter = new(Name);
    private readonly bool _tracesText;
    private readonly Histogram<double> _stages;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _perToken;
    private readonly Histogram<double> _pins;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _promptTokens;
    private readonly Counter<long> _slices;
    private readonly Counter<long> _loadedBytes;

    /// <param name="load">What the host is doing now.</param>
    /// <param name="tracesText">Prompts, answers and injected texts become attributes of spans.</param>
    public ModelTelemetry(ModelLoad load, bool tracesText)
    {
        _tracesText = tracesText;
        _stages = _meter.CreateHistogram("latentdb.model.stage.duration", "s", "Time of the stages of completed requests, by verb and stage.", null, RequestSeconds);
        _firstToken = _meter.CreateHistogram("latentdb.model.time_to_first_token", "s", "Time from a query's arrival at the model to its first token.", null, RequestSeconds);
        _perToken = _meter.CreateHistogram("latentdb.model.time_per_token", "s", "Time per token after the first, waiting for turns included; one measurement a query.", null, TokenSeconds);
        _pins = _meter.CreateHistogram("latentdb.pager.pin.duration", "s", "Time to get a version's rows into memory; with result=miss something had to be read.", null, RequestSeconds);
        _tokens = _meter.CreateCounter<long>("latentdb.model.tokens", "{token}", "Tokens by kind: prompt, generated, injected.");
        _promptTokens = _meter.CreateCounter<long>("latentdb.model.prompt_cache.tokens", "{token}", "Tokens of prompts by result: reused = known from an earlier prompt, computed.");
        _slices = _meter.CreateCounter<long>("latentdb.pager.slices", "{slice}", "Slices that requests needed, by result: hit = resident or on its way, miss = read from the store.");
        _loadedBytes = _meter.CreateCounter<long>("latentdb.pager.loaded", "By", "Bytes that slices read from the store take when resident.");
        Observe(load);
    }

    /// <summary>A span; null when nobody listens.</summary>
    public Activity? Begin(string name) => _source.StartActivity(name);

    /// <summary>A span of one piece of an inject; null as well when there were enough of them.</summary>
    public Activity? BeginChunk(string name, int chunk) => chunk < MaxTracedChunks ? _source.StartActivity(name)?.SetTag("latentdb.chunk", chunk) : null;

    /// <summary>A span of something that is over, between two timestamps; null when nobody listens. To be disposed at once.</summary>
    public Activity? Past(TimeProvider time, string name, int chunk, long from, long to)
    {
        if (chunk >= MaxTracedChunks || !_source.HasListeners()) return null;
        DateTimeOffset start = time.GetUtcNow() - time.GetElapsedTime(from);
        Activity? span = _source.StartActivity(name, ActivityKind.Internal, Activity.Current?.Context ?? default, startTime: start);
        return span?.SetTag("latentdb.chunk", chunk).SetEndTime((start + time.GetElapsedTime(from, to)).UtcDateTime);
    }

    /// <summary>The span of laying out and cutting text; what the text says only when that was asked for.</summary>
    public Activity? BeginTokenize(TextInput text)
    {
        Activity? span = _source.StartActivity("model.tokenize");
        return _tracesText ? span?.SetTag("latentdb.text", WordsOf(text)) : span;
    }

    /// <param name="time">Measures tokens.</param>
    /// <param name="arrived">When the query came.</param>
    /// <param name="promptTokens">What was read before the first token.</param>
    public DecodeRecord BeginDecode(TimeProvider time, long arrived, int promptTokens)
    {
        Count("prompt", promptTokens);
        return new DecodeRecord(this, time, arrived);
    }

    /// <summary>A version's rows are pinned.</summary>
    /// <param name="span">Of the pin.</param>
    /// <param name="slices">Slices that it holds.</param>
    /// <param name="misses">Those that it had to read.</param>
    /// <param name="missedBytes">Their resident bytes.</param>
    /// <param name="duration">How long it took.</param>
    public void Pinned(Activity? span, int slices, int misses, long missedBytes, TimeSpan duration)
    {
        span?.SetTag("latentdb.slices", slices).SetTag("latentdb.misses", misses).SetTag("latentdb.bytes", missedBytes);
        _slices.Add(slices - misses, new KeyValuePair<string, object?>("result", "hit"));
        _slices.Add(misses, new KeyValuePair<string, object?>("result", "miss"));
        _loadedBytes.Add(missedBytes);
        _pins.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("result", misses == 0 ? "hit" : "miss"));
    }

    /// <summary>A prefill begins.</summary>
    /// <param name="reused">Tokens that an earlier prompt spares.</param>
    /// <param name="tokens">Tokens of the prompt.</param>
    public void CountPrompt(int reused, int tokens)
    {
        _promptTokens.Add(reused, new KeyValuePair<string, object?>("result", "reused"));
        _promptTokens.Add(tokens - reused, new KeyValuePair<string, object?>("result", "computed"));
    }

    public void CompletedInject(StageTimings timings, int tokens)
    {
        Count("injected", tokens);
        Record("inject", timings);
        RecordStage("inject", "encode", timings.Encode);
        RecordStage("inject", "append", timings.Stage);
    }

    public void CompletedQuery(StageTimings timings)
    {
        Record("query", timings);
        RecordStage("query", "prefill", timings.Prefill);
        RecordStage("query", "decode", timings.Decode);
    }

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }

    private void Observe(ModelLoad load)
    {
        _meter.CreateObservableGauge("latentdb.model.requests.active", load.Active, "{request}", "Requests that have a place at the model.");
        _meter.CreateObservableGauge("latentdb.model.requests.waiting", () => WaitingBy(load), "{request}", "Requests that wait for a place, by priority: interactive, normal, background.");
        _meter.CreateObservableCounter("latentdb.model.requests.refused", load.Refused, "{request}", "Requests that were refused because too many were waiting.");
        _meter.CreateObservableGauge("latentdb.model.prompt_cache.resident", load.PromptBytes, "By", "Bytes of computed prompts that are kept for later ones.");
        _meter.CreateObservableGauge("latentdb.pager.resident", load.ResidentBytes, "By", "Bytes of memory rows that are resident.");
        _meter.CreateObservableGauge("latentdb.pager.budget", () => load.BudgetBytes, "By", "Bytes of memory rows that may be resident.");
        _meter.CreateObservableGauge("latentdb.pager.pins", load.Pins, "{pin}", "Slices in use, counted once for each use.");
        _meter.CreateObservableCounter("latentdb.pager.evictions", load.Evictions, "{slice}", "Slices that left to make room.");
    }

    private static IEnumerable<Measurement<int>> WaitingBy(ModelLoad load) =>
    [
        new(load.Waiting(RequestPriority.Interactive), new KeyValuePair<string, object?>("priority", "interactive")),
        new(load.Waiting(RequestPriority.Normal), new KeyValuePair<string, object?>("priority", "normal")),
        new(load.Waiting(RequestPriority.Background), new KeyValuePair<string, object?>("priority", "background")),
    ];

    private void Record(string verb, StageTimings timings)
    {
        RecordStage(verb, "queue", timings.Queue);
        RecordStage(verb, "tokenize", timings.Tokenize);
        RecordStage(verb, "page_in", timings.PageIn);
    }

    private void RecordStage(string verb, string stage, TimeSpan time) => _stages.Record(time.TotalSeconds, new("verb", verb), new("stage", stage));

    private void Count(string kind, long tokens) => _tokens.Add(tokens, new KeyValuePair<string, object?>("kind", kind));

    private static string WordsOf(TextInput text) => text switch
    {
        TextInput.Plain plain => plain.Text,
        TextInput.Conversation talk => string.Join('\n', talk.Messages.Select(m => $"{m.Role}: {m.Content}")),
        _ => string.Empty,
    };

    /// <summary>The tokens of one answer, from the end of its prefill until nobody wants more.</summary>
    internal sealed class DecodeRecord(ModelTelemetry owner, TimeProvider time, long arrived) : IDisposable
    {
        private readonly Activity? _span = owner._source.StartActivity("model.decode");
        private readonly System.Text.StringBuilder? _text = owner._tracesText ? new() : null;
        private int _tokens;
        private long _first;
        private long _last;
        private TimeSpan _waited;

        /// <summary>One more token was chosen.</summary>
        public void Token()
        {
            _last = time.GetTimestamp();
            if (_tokens++ > 0) return;
            _first = _last;
            owner._firstToken.Record(time.GetElapsedTime(arrived, _first).TotalSeconds);
        }

        public void Text(string piece) => _text?.Append(piece);

        /// <summary>A step waited for its turn.</summary>
        public void Waited(TimeSpan wait) => _waited += wait;

        public void Dispose()
        {
            owner.Count("generated", _tokens);
            if (_tokens > 1) owner._perToken.Record(time.GetElapsedTime(_first, _last).TotalSeconds / (_tokens - 1));
            if (_span is null) return;
            _span.SetTag("latentdb.tokens", _tokens).SetTag("latentdb.turn_wait_ms", _waited.TotalMilliseconds);
            if (_text is not null) _span.SetTag("latentdb.text", _text.ToString());
            _span.Dispose();
        }
    }
}
