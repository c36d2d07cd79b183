using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace LatentDb.Silo.Telemetry.Scrape;

/// <summary>Turns what a reader collected into text. One collection at a time: <see cref="MetricsScrape"/> sees to it.</summary>
internal sealed class ScrapeExporter : BaseExporter<Metric>
{
    /// <summary>What the next collection is written as.</summary>
    public ExpositionFormat Format { get; set; } = ExpositionFormat.Prometheus;

    /// <summary>The newest collection.</summary>
    public byte[] Text { get; private set; } = [];

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var families = new SortedDictionary<string, List<Metric>>(StringComparer.Ordinal);
        foreach (Metric metric in batch)
        {
            if (ExpositionWriter.TypeOf(metric) is not { } type) continue;
            string name = MetricName.FamilyOf(metric.Name, metric.Unit, type == "gauge" && metric.Unit == "1");
            if (!families.TryGetValue(name, out List<Metric>? family)) families.Add(name, family = []);

            // A family has one type; two instruments that disagree are a defect, and the text stays readable.
            if (family.Count == 0 || ExpositionWriter.TypeOf(family[0]) == type) family.Add(metric);
        }

        var writer = new ExpositionWriter(Format);
        writer.WriteTarget(ParentProvider.GetResource().Attributes);
        foreach ((string name, List<Metric> family) in families) writer.WriteFamily(name, family);
        Text = writer.End();
        return ExportResult.Success;
    }
}
