using System.Diagnostics;
using System.Diagnostics.Metrics;
using LatentDb.ModelHost.Remote.Codecs;
using LatentDb.ModelHost.Telemetry;

namespace LatentDb.ModelHost.Remote;

/// <summary>What silos ask of each other's models, under the model host's name.</summary>
internal static class RemoteTelemetry
{
    private static readonly ActivitySource Source = new(ModelTelemetry.Name);
    private static readonly Meter Meter = new(ModelTelemetry.Name);
    private static readonly Counter<long> Calls = Meter.CreateCounter<long>("latentdb.model.remote.calls", "{call}", "Calls of other silos' models, by verb and result: ok, elsewhere = that silo could not, failed.");
    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>("latentdb.model.remote.transferred", "By", "Tensor bytes of slices, by direction: sent, received.");

    /// <summary>A call of another silo ended.</summary>
    public static void Called(ModelVerb verb, string result) => Calls.Add(1, new("verb", NameOf(verb)), new("result", result));

    public static void Sent(long bytes) => Bytes.Add(bytes, new KeyValuePair<string, object?>("direction", "sent"));

    public static void Received(long bytes) => Bytes.Add(bytes, new KeyValuePair<string, object?>("direction", "received"));

    /// <summary>The span of work for another silo, in that one's trace; null when nobody listens.</summary>
    public static Activity? BeginServe(ModelCall call) =>
        call.Trace is null ? null : Source.StartActivity("model.serve", ActivityKind.Server, call.Trace)?.SetTag("latentdb.verb", NameOf(call.Verb));

    private static string NameOf(ModelVerb verb) => verb switch
    {
        ModelVerb.Describe => "describe",
        ModelVerb.Genesis => "genesis",
        ModelVerb.Inject => "inject",
        ModelVerb.Query => "query",
        ModelVerb.Prefetch => "prefetch",
        _ => "forget",
    };
}
