using System.Diagnostics;
using System.Reflection;
using LatentDb.Silo.Telemetry.Scrape;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace LatentDb.Silo.Telemetry;

/// <summary>
/// Listens to meters and activity sources from the first hosted service to the last, and exports what it hears. Without a collector nobody listens to
/// the sources, so that spans cost nothing; metrics are always there for a scrape.
/// </summary>
internal sealed class TelemetryProviders : IHostedService, IAsyncDisposable
{
    /// <summary>What is still in memory when the process ends is sent within this time, or lost.</summary>
    private const int FlushMilliseconds = 3000;

    private readonly MeterProvider _meters;
    private readonly TracerProvider? _traces;
    private readonly IEnumerable<MetricAnnouncement> _announcements;
    private int _isDisposed;

    /// <param name="options">Where to export to.</param>
    /// <param name="scrape">What /metrics reads.</param>
    /// <param name="announcements">Counters that start at zero.</param>
    /// <param name="processors">More that want to see spans: tests.</param>
    public TelemetryProviders(SiloOptions options, MetricsScrape scrape, IEnumerable<MetricAnnouncement> announcements, IEnumerable<BaseProcessor<Activity>> processors)
    {
        _announcements = announcements;
        var otlp = OtlpTarget.Of(options);
        ResourceBuilder resource = DescribeService();
        MeterProviderBuilder meters = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .SetExemplarFilter(ExemplarFilterType.TraceBased)
            .AddMeter(TelemetryNames.Meters)
            .AddView("http.server.request.duration", new ExplicitBucketHistogramConfiguration { Boundaries = RequestBuckets.Seconds })

            // Sixteen series for each address that the server listens on, and nothing that the requests do not tell better.
            .AddView("kestrel.connection.duration", MetricStreamConfiguration.Drop)
            .AddReader(scrape.Reader);
        if (otlp is not null) meters.AddOtlpExporter(otlp.ForMetrics);
        _meters = meters.Build();
        _traces = BuildTraces(options, resource, otlp, [.. processors]);
    }

    /// <summary>The name of this process in everything that is exported. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override it.</summary>
    public static ResourceBuilder DescribeService() => ResourceBuilder.CreateEmpty()
        .AddService(TelemetryNames.Service, serviceVersion: VersionOf(typeof(TelemetryProviders).Assembly), serviceInstanceId: Environment.MachineName)
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (MetricAnnouncement announcement in _announcements) announcement.Run();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return ValueTask.CompletedTask;

        // The SDK waits for its exporters on the thread that disposes it.
        return new ValueTask(Task.Run(() =>
        {
            _traces?.Shutdown(FlushMilliseconds);
            _traces?.Dispose();
            _meters.Shutdown(FlushMilliseconds);
            _meters.Dispose();
        }));
    }

    private static TracerProvider? BuildTraces(SiloOptions options, ResourceBuilder resource, OtlpTarget? otlp, BaseProcessor<Activity>[] processors)
    {
        if (otlp is null && processors.Length == 0) return null;
        TracerProviderBuilder traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(options.TraceRatio)))
            .AddSource(TelemetryNames.Sources);
        foreach (BaseProcessor<Activity> processor in processors) traces.AddProcessor(processor);
        if (otlp is not null) traces.AddOtlpExporter(otlp.ForTraces);
        return traces.Build();
    }

    private static string VersionOf(Assembly assembly) => assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
