using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LatentDb.Cli.Evaluation.Reports;

/// <summary>What a run leaves behind: summary.json, summary.csv, report.md, and plot.svg where there are steps.</summary>
internal sealed class ReportFiles(string folder, ReportFacts facts)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public async Task<EvaluationReport> WriteAsync(IReadOnlyList<Measurement> measurements, CancellationToken cancellationToken)
    {
        IReadOnlyList<SummaryRow> rows = SummaryRow.Of(measurements);
        bool hasSteps = rows.Any(r => r.Step > 0);
        EvaluationReport report = Summarize(rows, hasSteps);
        await WriteAsync("summary.json", JsonSerializer.Serialize(report, Json), cancellationToken).ConfigureAwait(false);
        await WriteAsync("summary.csv", Csv(rows), cancellationToken).ConfigureAwait(false);
        if (hasSteps) await WriteAsync("plot.svg", new SvgPlot(facts.Title, rows, facts.Law).Draw(), cancellationToken).ConfigureAwait(false);
        await WriteAsync("report.md", Page(rows, report, hasSteps), cancellationToken).ConfigureAwait(false);
        return report;
    }

    private EvaluationReport Summarize(IReadOnlyList<SummaryRow> rows, bool hasSteps) => new(
        facts.Protocol,
        Path.GetFullPath(folder),
        [.. rows.Select(r => new ReportRow(r.Series, r.Step, Round(r.Accuracy.Value), Round(r.Accuracy.Low), Round(r.Accuracy.High), r.Accuracy.Count, r.MeanBytes, Survives(r)))],
        hasSteps ? [.. rows.GroupBy(r => r.Series).Select(s => new HalfLifeRow(s.Key, HalfLife.Of([.. s])))] : []);

    private double? Survives(SummaryRow row) => facts.Law is { } law ? Round(law.Survives(row.Step)) : null;

    private static string Csv(IReadOnlyList<SummaryRow> rows)
    {
        var text = new StringBuilder("series,step,accuracy,low,high,count,mean_bytes\n");
        foreach (SummaryRow row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"{row.Series},{row.Step},{row.Accuracy.Value:0.####},{row.Accuracy.Low:0.####},{row.Accuracy.High:0.####},{row.Accuracy.Count},{row.MeanBytes:0}\n");
        }

        return text.ToString();
    }

    private string Page(IReadOnlyList<SummaryRow> rows, EvaluationReport report, bool hasSteps)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {facts.Title}\n\n");
        foreach ((string name, string value) in facts.Settings) text.Append(CultureInfo.InvariantCulture, $"* {name}: {value}\n");
        text.Append("\n| series | step | accuracy | 95 % interval | questions |").Append(hasSteps ? " own blocks | law |" : string.Empty).Append('\n');
        text.Append("|---|---|---|---|---|").Append(hasSteps ? "---|---|" : string.Empty).Append('\n');
        foreach (SummaryRow row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.Series} | {row.Step} | {row.Accuracy.Value:0.0 %} | {row.Accuracy.Low:0.0 %} to {row.Accuracy.High:0.0 %} | {row.Accuracy.Count} |");
            if (hasSteps) text.Append(CultureInfo.InvariantCulture, $" {row.MeanBytes:#,0} B | {Survives(row):0.000} |");
            text.Append('\n');
        }

        if (!hasSteps) return text.ToString();
        text.Append('\n');
        foreach (HalfLifeRow half in report.HalfLives)
        {
            string writes = half.Writes is { } known ? $"falls under half of its start after {known.ToString("0", CultureInfo.InvariantCulture)} writes" : $"never falls under half of its start within {rows.Max(r => r.Step)} writes";
            text.Append(CultureInfo.InvariantCulture, $"* {half.Series} {writes}.\n");
        }

        return text.Append("\n![accuracy over writes](plot.svg)\n").ToString();
    }

    private Task WriteAsync(string name, string text, CancellationToken cancellationToken) => File.WriteAllTextAsync(Path.Combine(folder, name), text, cancellationToken);

    private static double Round(double value) => Math.Round(value, 4);
}

/// <summary>What the report says about the run.</summary>
internal sealed record ReportFacts(string Protocol, string Title, RetentionLaw? Law, IReadOnlyList<KeyValuePair<string, string>> Settings);

/// <summary>The answer of the verb, and summary.json.</summary>
internal sealed record EvaluationReport(string Protocol, string Folder, IReadOnlyList<ReportRow> Rows, IReadOnlyList<HalfLifeRow> HalfLives);

/// <summary>One line of the table.</summary>
internal sealed record ReportRow(string Series, int Step, double Accuracy, double Low, double High, int Questions, double? MeanBytes, double? Law);

/// <summary>When a series has lost half.</summary>
internal sealed record HalfLifeRow(string Series, double? Writes);
