using OpenTelemetry.Metrics;

namespace LatentDb.Silo.Telemetry.Scrape;

/// <summary>Collects every metric of this process at the moment it is asked. Thread-safe; scrapes run one after the other.</summary>
internal sealed class MetricsScrape : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly ScrapeExporter _exporter = new();

    public MetricsScrape() => Reader = new BaseExportingMetricReader(_exporter) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative };

    /// <summary>What the meter provider must know; owned by it.</summary>
    public MetricReader Reader { get; }

    public async Task<byte[]> CollectAsync(ExpositionFormat format, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _exporter.Format = format;
            Reader.Collect();
            return _exporter.Text;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}
