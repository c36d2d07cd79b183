namespace LatentDb.Cli.Evaluation.Reports;

/// <summary>All measurements of one series at one step.</summary>
/// <param name="Series">What is compared.</param>
/// <param name="Step">Injects between the fact and the question.</param>
/// <param name="Accuracy">With its interval.</param>
/// <param name="MeanBytes">Stored bytes of a memory's own blocks; null where not measured.</param>
internal sealed record SummaryRow(string Series, int Step, Proportion Accuracy, double? MeanBytes)
{
    /// <summary>In the order in which series were first measured, then by step.</summary>
    public static IReadOnlyList<SummaryRow> Of(IReadOnlyList<Measurement> measurements)
    {
        List<string> series = [.. measurements.OrderBy(m => m.Item).Select(m => m.Series).Distinct(StringComparer.Ordinal)];
        return
        [
            .. measurements.GroupBy(m => (m.Series, m.Step))
                .Select(g => new SummaryRow(g.Key.Series, g.Key.Step, Proportion.Of(g.Select(m => m.Score)), g.Average(m => m.Bytes)))
                .OrderBy(r => series.IndexOf(r.Series)).ThenBy(r => r.Step),
        ];
    }
}
