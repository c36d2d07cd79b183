using System.Text.Json;
using System.Text.RegularExpressions;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Telemetry;

/// <summary>A dashboard or an alert that names what no server tells is worse than none.</summary>
public sealed partial class DashboardTests(MeteredServer server) : IClassFixture<MeteredServer>
{
    /// <summary>Labels that Prometheus itself or the query adds.</summary>
    private static readonly string[] OthersLabels = ["job", "instance", "le"];

    [Fact]
    public async Task Every_metric_and_label_of_the_dashboard_is_told_by_a_server() => await CheckAsync([.. DashboardQueries()]);

    [Fact]
    public async Task Every_metric_and_label_of_the_alerts_is_told_by_a_server() => await CheckAsync([.. AlertQueries()]);

    [Fact]
    public void Every_alert_has_a_severity_a_summary_and_says_what_to_do()
    {
        string[] alerts = Read("alerts.yaml").Split("- alert: ")[1..];

        Assert.True(alerts.Length >= 10);
        Assert.All(alerts, alert =>
        {
            Assert.Contains("severity: ", alert, StringComparison.Ordinal);
            Assert.Contains("summary: \"", alert, StringComparison.Ordinal);
            Assert.Contains("action: \"", alert, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Panels_of_the_dashboard_do_not_overlap_and_have_ids_of_their_own()
    {
        JsonElement[] panels = [.. JsonSerializer.Deserialize<JsonElement>(Read("grafana-dashboard.json")).GetProperty("panels").EnumerateArray()];

        Assert.Distinct(panels.Select(p => p.GetProperty("id").GetInt32()));
        Assert.Distinct(panels.SelectMany(CellsOf));
    }

    private async Task CheckAsync(string[] queries)
    {
        await server.TrafficAsync();
        IReadOnlyDictionary<string, ExpositionParser.Family> families = ExpositionParser.Parse((await server.ScrapeAsync("text/plain")).Text, isOpenMetrics: false);
        var labelsOf = families.Values
            .SelectMany(f => f.Samples.Select(s => (Name: f.Name + s.Suffix, s.Labels)))
            .GroupBy(s => s.Name, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.SelectMany(s => s.Labels.Keys).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);
        List<string> missing = [];
        foreach (string query in queries)
        {
            string[] named =
            [
                .. Label().Matches(query).Select(m => m.Groups["name"].Value),
                .. By().Matches(query).SelectMany(m => m.Groups["names"].Value.Split(',', StringSplitOptions.TrimEntries)),
            ];
            string[] metrics = [.. Metric().Matches(query).Select(m => m.Value).Distinct().Except(named)];
            Assert.True(metrics.Length > 0, $"no metric in {query}");
            missing.AddRange(metrics.Where(m => !labelsOf.ContainsKey(m)));
            missing.AddRange(named.Except(OthersLabels).Where(label => !metrics.Any(m => labelsOf.TryGetValue(m, out HashSet<string>? labels) && labels.Contains(label))).Select(label => $"{label} of {query}"));
        }

        Assert.Empty(missing.Distinct());
    }

    private static IEnumerable<string> DashboardQueries() => JsonSerializer.Deserialize<JsonElement>(Read("grafana-dashboard.json")).GetProperty("panels").EnumerateArray()
        .Where(p => p.GetProperty("type").GetString() != "row")
        .SelectMany(p => p.GetProperty("targets").EnumerateArray())
        .Select(t => t.GetProperty("expr").GetString()!);

    private static IEnumerable<string> AlertQueries() => Read("alerts.yaml").Split("- alert: ")[1..]
        .Select(alert => Between(alert, "expr: ", "labels: "));

    private static string Between(string text, string from, string to)
    {
        int start = text.IndexOf(from, StringComparison.Ordinal) + from.Length;
        return text[start..text.IndexOf(to, start, StringComparison.Ordinal)];
    }

    private static IEnumerable<(int X, int Y)> CellsOf(JsonElement panel)
    {
        JsonElement place = panel.GetProperty("gridPos");
        (int x, int y) = (place.GetProperty("x").GetInt32(), place.GetProperty("y").GetInt32());
        Assert.True(x + place.GetProperty("w").GetInt32() <= 24);
        return from row in Enumerable.Range(y, place.GetProperty("h").GetInt32()) from column in Enumerable.Range(x, place.GetProperty("w").GetInt32()) select (column, row);
    }

    private static string Read(string file) => File.ReadAllText(RepositoryFiles.Combine("k8s", "observability", file));

    [GeneratedRegex(@"\b(latentdb|http|kestrel|dotnet)_[a-z0-9_]+")]
    private static partial Regex Metric();

    [GeneratedRegex("""(?<name>[a-z_]+)=~?"[^"]*["]""")]
    private static partial Regex Label();

    [GeneratedRegex(@"by \((?<names>[^)]*)\)")]
    private static partial Regex By();
}
