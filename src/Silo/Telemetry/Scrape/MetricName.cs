namespace LatentDb.Silo.Telemetry.Scrape;

/// <summary>
/// Names of instruments as Prometheus names, by the rules of OpenTelemetry's "Prometheus and OpenMetrics Compatibility": other characters become _,
/// the unit is spelt out at the end, a counter's samples end in _total.
/// </summary>
internal static class MetricName
{
    private const string Total = "_total";

    private static readonly Dictionary<string, string> Units = new(StringComparer.Ordinal)
    {
        ["s"] = "seconds",
        ["ms"] = "milliseconds",
        ["us"] = "microseconds",
        ["ns"] = "nanoseconds",
        ["min"] = "minutes",
        ["h"] = "hours",
        ["d"] = "days",
        ["By"] = "bytes",
        ["KiBy"] = "kibibytes",
        ["MiBy"] = "mebibytes",
        ["GiBy"] = "gibibytes",
        ["Cel"] = "celsius",
        ["%"] = "percent",
    };

    /// <summary>The family's name: latentdb.store.appended in By is latentdb_store_appended_bytes.</summary>
    public static string FamilyOf(string instrument, string unit, bool isRatio)
    {
        string name = Clean(instrument, mayHoldColon: true);
        if (name.EndsWith(Total, StringComparison.Ordinal)) name = name[..^Total.Length];
        string suffix = isRatio ? "ratio" : UnitOf(unit);
        return suffix.Length == 0 || name.EndsWith($"_{suffix}", StringComparison.Ordinal) ? name : $"{name}_{suffix}";
    }

    /// <summary>The unit as a word of the name; empty for counts of things, which are spelt {thing}.</summary>
    public static string UnitOf(string unit) => Units.TryGetValue(unit, out string? word) ? word : unit.Length == 0 || unit == "1" || unit[0] == '{' ? string.Empty : Clean(unit, mayHoldColon: false).Trim('_');

    public static string LabelOf(string tag) => Clean(tag, mayHoldColon: false);

    private static string Clean(string name, bool mayHoldColon)
    {
        string clean = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c == '_' || (mayHoldColon && c == ':') ? c : '_'));
        return clean.Length == 0 || char.IsAsciiDigit(clean[0]) ? $"_{clean}" : clean;
    }
}
