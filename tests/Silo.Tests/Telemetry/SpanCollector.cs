using System.Collections.Concurrent;
using System.Diagnostics;
using OpenTelemetry;

namespace LatentDb.Silo.Tests.Telemetry;

/// <summary>Keeps every span that ends while it is registered, of this server and of those beside it: a test looks at its own trace.</summary>
internal sealed class SpanCollector : BaseProcessor<Activity>
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ConcurrentDictionary<ActivityTraceId, TaskCompletionSource> _requests = new();

    /// <summary>A new trace of the caller's, sampled, as the header that carries it.</summary>
    public static (ActivityTraceId Trace, (string, string) Header) NewTrace()
    {
        var trace = ActivityTraceId.CreateRandom();
        return (trace, ("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01"));
    }

    public override void OnEnd(Activity data)
    {
        _ended.Enqueue(data);
        if (data.Kind == ActivityKind.Server) RequestOf(data.TraceId).TrySetResult();
    }

    /// <summary>The spans of a trace, once the request that brought it has ended: its answer is there a little earlier.</summary>
    public async Task<Activity[]> OfAsync(ActivityTraceId trace)
    {
        await RequestOf(trace).Task.WaitAsync(TimeSpan.FromSeconds(30));
        return Seen(trace);
    }

    /// <summary>What has ended of a trace so far.</summary>
    public Activity[] Seen(ActivityTraceId trace) => [.. _ended.Where(a => a.TraceId == trace)];

    private TaskCompletionSource RequestOf(ActivityTraceId trace) =>
        _requests.GetOrAdd(trace, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
