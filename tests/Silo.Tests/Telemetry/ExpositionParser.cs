using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace LatentDb.Silo.Tests.Telemetry;

/// <summary>Reads an exposition as strictly as its specification is written, and refuses what a lenient reader would take.</summary>
internal sealed partial class ExpositionParser
{
    private readonly bool _isOpenMetrics;
    private readonly Dictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly HashSet<string> _series = new(StringComparer.Ordinal);
    private Family? _current;

    private ExpositionParser(bool isOpenMetrics) => _isOpenMetrics = isOpenMetrics;

    /// <summary>The families by name; in Prometheus text a counter's name has its _total.</summary>
    public static IReadOnlyDictionary<string, Family> Parse(string text, bool isOpenMetrics)
    {
        var parser = new ExpositionParser(isOpenMetrics);
        Require(text.EndsWith('\n'), "the last line has no end");
        Require(!text.Contains('\r', StringComparison.Ordinal), "there is a carriage return");
        List<string> lines = [.. text[..^1].Split('\n')];
        if (isOpenMetrics)
        {
            Require(lines[^1] == "# EOF", "the end mark is missing");
            lines.RemoveAt(lines.Count - 1);
        }

        foreach (string line in lines) parser.Read(line);
        foreach (Family family in parser._families.Values) Check(family);
        return parser._families;
    }

    private void Read(string line)
    {
        Require(line.Length > 0, "there is an empty line");
        if (line[0] == '#') ReadComment(line);
        else ReadSample(line);
    }

    private void ReadComment(string line)
    {
        string[] words = line.Split(' ', 4);
        Require(words.Length == 4 && words[1] is "HELP" or "TYPE" || (_isOpenMetrics && words[1] == "UNIT"), $"not a comment that is allowed: {line}");
        Family family = Begin(words[2]);
        Require(family.Samples.Count == 0, $"a comment after the samples: {line}");
        switch (words[1])
        {
            case "TYPE":
                Require(family.Type is null, $"a second type: {line}");
                family.Type = words[3];
                Require(words[3] is "counter" or "gauge" or "histogram" || (_isOpenMetrics && words[3] == "info"), $"unknown type: {line}");
                break;
            case "UNIT":
                family.Unit = words[3];
                Require(words[2].EndsWith($"_{words[3]}", StringComparison.Ordinal), $"the unit does not end the name: {line}");
                break;
            default:
                family.Help = Unescape(words[3], mayHoldQuote: _isOpenMetrics);
                break;
        }
    }

    private Family Begin(string name)
    {
        Require(NamePattern().IsMatch(name), $"not a name: {name}");
        if (_current?.Name == name) return _current;
        Require(!_families.ContainsKey(name), $"{name} is torn apart");
        return _current = _families[name] = new Family(name);
    }

    private void ReadSample(string line)
    {
        Match match = SamplePattern().Match(line);
        Require(match.Success, $"not a sample: {line}");
        string name = match.Groups["name"].Value;
        Dictionary<string, string> labels = Labels(match.Groups["labels"].Value);
        Require(_series.Add($"{name}{string.Join(',', labels.OrderBy(l => l.Key, StringComparer.Ordinal))}"), $"twice: {line}");
        Family family = _current ?? throw new FormatException($"a sample before any type: {line}");
        Require(family.Type is not null && SuffixesOf(family.Type).Any(s => name == family.Name + s), $"not of {family.Name}: {line}");
        double value = Number(match.Groups["value"].Value);
        Exemplar? exemplar = match.Groups["exemplar"].Success ? ReadExemplar(match, name) : null;
        family.Samples.Add(new Sample(name[family.Name.Length..], labels, value, exemplar));
    }

    private string[] SuffixesOf(string type) => type switch
    {
        "histogram" => ["_bucket", "_sum", "_count"],
        "counter" => [_isOpenMetrics ? "_total" : string.Empty],
        "info" => ["_info"],
        _ => [string.Empty],
    };

    private Exemplar ReadExemplar(Match match, string name)
    {
        Require(_isOpenMetrics && (name.EndsWith("_bucket", StringComparison.Ordinal) || name.EndsWith("_total", StringComparison.Ordinal)), $"an exemplar at {name}");
        Dictionary<string, string> labels = Labels(match.Groups["exemplarLabels"].Value);
        Require(labels.Sum(l => l.Key.Length + l.Value.Length) <= 128, "an exemplar's labels are longer than 128 characters");
        Require(TracePattern().IsMatch(labels["trace_id"]) && SpanPattern().IsMatch(labels["span_id"]), "an exemplar without a trace");
        return new Exemplar(labels["trace_id"], Number(match.Groups["exemplarValue"].Value));
    }

    private static Dictionary<string, string> Labels(string text)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        int at = 0;
        while (at < text.Length)
        {
            Match label = LabelPattern().Match(text, at);
            Require(label.Success && label.Index == at, $"not labels: {text[at..]}");
            labels.Add(label.Groups["name"].Value, Unescape(label.Groups["value"].Value, mayHoldQuote: true));
            at += label.Length;
            Require(at == text.Length || text[at] == ',', $"no comma: {text[at..]}");
            if (at < text.Length) at++;
        }

        return labels;
    }

    private static string Unescape(string text, bool mayHoldQuote)
    {
        var plain = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                plain.Append(text[i]);
                continue;
            }

            Require(++i < text.Length && (text[i] is '\\' or 'n' || (mayHoldQuote && text[i] == '"')), $"an unknown escape: {text}");
            plain.Append(text[i] == 'n' ? '\n' : text[i]);
        }

        return plain.ToString();
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        _ => double.Parse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture),
    };

    private static void Check(Family family)
    {
        Require(family.Samples.Count > 0, $"{family.Name} has no samples");
        if (family.Type == "counter") Require(family.Samples.TrueForAll(s => s.Value >= 0), $"{family.Name} counts down");
        if (family.Type != "histogram") return;
        foreach (IGrouping<string, Sample> series in family.Samples.GroupBy(s => string.Join(',', s.Labels.Where(l => l.Key != "le").OrderBy(l => l.Key, StringComparer.Ordinal))))
        {
            Sample[] buckets = [.. series.Where(s => s.Suffix == "_bucket")];
            double[] bounds = [.. buckets.Select(b => Number(b.Labels["le"]))];
            Require(bounds.SequenceEqual(bounds.Order()) && double.IsPositiveInfinity(bounds[^1]), $"{family.Name}: bounds do not rise to +Inf");
            Require(buckets.Select(b => b.Value).SequenceEqual(buckets.Select(b => b.Value).Order()), $"{family.Name}: buckets are not cumulative");
            Require(buckets[^1].Value == series.Single(s => s.Suffix == "_count").Value, $"{family.Name}: the last bucket is not the count");
            Require(series.Count(s => s.Suffix == "_sum") == 1, $"{family.Name}: no sum");
            for (int i = 0; i < buckets.Length; i++) Require(buckets[i].Exemplar is not { } e || e.Value <= bounds[i], $"{family.Name}: an exemplar stands in a bucket that it does not belong to");
        }
    }

    private static void Require(bool holds, string why)
    {
        if (!holds) throw new FormatException(why);
    }

    [GeneratedRegex(@"\A[a-zA-Z_:][a-zA-Z0-9_:]*\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex("""\A(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*",?)*)\})? (?<value>[^ ]+)(?<exemplar> # \{(?<exemplarLabels>[^}]*)\} (?<exemplarValue>[^ ]+)( [0-9.]+)?)?\z""")]
    private static partial Regex SamplePattern();

    [GeneratedRegex("""(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>([^"\\]|\\.)*)["]""")]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"\A[0-9a-f]{32}\z")]
    private static partial Regex TracePattern();

    [GeneratedRegex(@"\A[0-9a-f]{16}\z")]
    private static partial Regex SpanPattern();

    /// <summary>Everything under one name.</summary>
    internal sealed class Family(string name)
    {
        public string Name { get; } = name;

        public string? Type { get; set; }

        public string? Unit { get; set; }

        public string? Help { get; set; }

        public List<Sample> Samples { get; } = [];
    }

    /// <summary>One line.</summary>
    internal sealed record Sample(string Suffix, IReadOnlyDictionary<string, string> Labels, double Value, Exemplar? Exemplar);

    /// <summary>The trace of one measurement.</summary>
    internal sealed record Exemplar(string Trace, double Value);
}
