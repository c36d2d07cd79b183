using System.Globalization;
using System.Text;
using OpenTelemetry.Metrics;

namespace LatentDb.Silo.Telemetry.Scrape;

/// <summary>Writes collected metrics as one exposition. Used once.</summary>
/// <remarks>
/// Sources: the Prometheus text format 0.0.4 and the OpenMetrics 1.0 specification. They differ in the headers of counters, in floating-point bounds,
/// in the end mark, and in exemplars, which only OpenMetrics knows.
/// </remarks>
internal sealed class ExpositionWriter(ExpositionFormat format)
{
    private readonly StringBuilder _text = new();
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);

    /// <summary>What the process is: the resource's attributes as labels of one sample.</summary>
    public void WriteTarget(IEnumerable<KeyValuePair<string, object>> attributes)
    {
        string labels = Labels(attributes.Select(a => KeyValuePair.Create(a.Key, (object?)a.Value)));
        _text.Append(format.IsOpenMetrics ? "# TYPE target info\n# HELP target What this process is.\n" : "# HELP target_info What this process is.\n# TYPE target_info gauge\n");
        _text.Append("target_info").Append(labels).Append(" 1\n");
    }

    /// <summary>Instruments of one name: several meters of a process may have made them, and a family must stand together, each series once.</summary>
    public void WriteFamily(string name, IReadOnlyList<Metric> metrics)
    {
        Metric first = metrics[0];
        WriteHeader(name, first);
        foreach (Metric metric in metrics)
        {
            foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
            {
                if (!_written.Add(name + Labels(TagsOf(point)))) continue;
                if (IsHistogram(metric)) WriteHistogram(name, point);
                else WriteValue(IsCounter(metric) ? $"{name}_total" : name, metric, point);
            }
        }
    }

    public byte[] End()
    {
        if (format.IsOpenMetrics) _text.Append("# EOF\n");
        return Encoding.UTF8.GetBytes(_text.ToString());
    }

    /// <summary>counter, gauge or histogram; null for what has no form in these texts.</summary>
    public static string? TypeOf(Metric metric) => IsHistogram(metric) ? "histogram" : IsCounter(metric) ? "counter" : IsGauge(metric) ? "gauge" : null;

    private static bool IsHistogram(Metric metric) => metric.MetricType == MetricType.Histogram;

    private static bool IsCounter(Metric metric) => metric.MetricType is MetricType.LongSum or MetricType.DoubleSum;

    private static bool IsGauge(Metric metric) =>
        metric.MetricType is MetricType.LongGauge or MetricType.DoubleGauge or MetricType.LongSumNonMonotonic or MetricType.DoubleSumNonMonotonic;

    private void WriteHeader(string name, Metric metric)
    {
        string type = TypeOf(metric)!;
        if (format.IsOpenMetrics)
        {
            _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
            string unit = MetricName.UnitOf(metric.Unit);
            if (unit.Length > 0 && name.EndsWith($"_{unit}", StringComparison.Ordinal)) _text.Append("# UNIT ").Append(name).Append(' ').Append(unit).Append('\n');
            if (metric.Description.Length > 0) _text.Append("# HELP ").Append(name).Append(' ').Append(Escape(metric.Description, quotes: true)).Append('\n');
            return;
        }

        string sample = type == "counter" ? $"{name}_total" : name;
        if (metric.Description.Length > 0) _text.Append("# HELP ").Append(sample).Append(' ').Append(Escape(metric.Description, quotes: false)).Append('\n');
        _text.Append("# TYPE ").Append(sample).Append(' ').Append(type).Append('\n');
    }

    private void WriteValue(string sample, Metric metric, MetricPoint point)
    {
        string value = metric.MetricType switch
        {
            MetricType.LongSum or MetricType.LongSumNonMonotonic => Number(point.GetSumLong()),
            MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => Number(point.GetSumDouble()),
            MetricType.LongGauge => Number(point.GetGaugeLastValueLong()),
            _ => Number(point.GetGaugeLastValueDouble()),
        };
        _text.Append(sample).Append(Labels(TagsOf(point))).Append(' ').Append(value);
        if (format.IsOpenMetrics && IsCounter(metric) && point.TryGetExemplars(out ReadOnlyExemplarCollection exemplars))
        {
            WriteExemplar(exemplars, metric.MetricType == MetricType.LongSum, double.NegativeInfinity, double.PositiveInfinity);
        }

        _text.Append('\n');
    }

    private void WriteHistogram(string name, MetricPoint point)
    {
        KeyValuePair<string, object?>[] tags = TagsOf(point);
        bool hasExemplars = point.TryGetExemplars(out ReadOnlyExemplarCollection exemplars) && format.IsOpenMetrics;
        long count = 0;
        double below = double.NegativeInfinity;
        foreach (HistogramBucket bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            _text.Append(name).Append("_bucket").Append(Labels([.. tags, new("le", Bound(bucket.ExplicitBound))])).Append(' ').Append(Number(count));
            if (hasExemplars) WriteExemplar(exemplars, isLong: false, below, bucket.ExplicitBound);
            _text.Append('\n');
            below = bucket.ExplicitBound;
        }

        string labels = Labels(tags);
        _text.Append(name).Append("_sum").Append(labels).Append(' ').Append(Number(point.GetHistogramSum())).Append('\n');
        _text.Append(name).Append("_count").Append(labels).Append(' ').Append(Number(point.GetHistogramCount())).Append('\n');
    }

    /// <summary>The newest measurement of the range that belongs to a trace.</summary>
    private void WriteExemplar(ReadOnlyExemplarCollection exemplars, bool isLong, double above, double upTo)
    {
        bool isFound = false;
        (string Trace, string Span, double Value, DateTimeOffset Time) newest = default;
        foreach (ref readonly Exemplar exemplar in exemplars)
        {
            double value = isLong ? exemplar.LongValue : exemplar.DoubleValue;
            if (exemplar.TraceId == default || value <= above || value > upTo || (isFound && exemplar.Timestamp <= newest.Time)) continue;
            isFound = true;
            newest = (exemplar.TraceId.ToHexString(), exemplar.SpanId.ToHexString(), value, exemplar.Timestamp);
        }

        if (!isFound) return;
        _text.Append(" # {trace_id=\"").Append(newest.Trace).Append("\",span_id=\"").Append(newest.Span).Append("\"} ").Append(Number(newest.Value));
        _text.Append(' ').Append((newest.Time.ToUnixTimeMilliseconds() / 1000.0).ToString("F3", CultureInfo.InvariantCulture));
    }

    private static KeyValuePair<string, object?>[] TagsOf(MetricPoint point)
    {
        var tags = new KeyValuePair<string, object?>[point.Tags.Count];
        int next = 0;
        foreach (KeyValuePair<string, object?> tag in point.Tags) tags[next++] = tag;
        return tags;
    }

    /// <summary>Two tags whose names become one label are joined, as the rules of the conversion say.</summary>
    private static string Labels(IEnumerable<KeyValuePair<string, object?>> tags)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string tag, object? value) in tags)
        {
            string label = MetricName.LabelOf(tag);
            string text = value switch { bool b => b ? "true" : "false", _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty };
            values[label] = values.TryGetValue(label, out string? other) ? $"{other};{text}" : text;
        }

        return values.Count == 0 ? string.Empty : $"{{{string.Join(',', values.Select(v => $"{v.Key}=\"{Escape(v.Value, quotes: true)}\""))}}}";
    }

    private static string Escape(string text, bool quotes)
    {
        string escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    /// <summary>OpenMetrics wants bounds as floating-point numbers, so that 1 and 1.0 cannot be two series.</summary>
    private string Bound(double bound)
    {
        string text = Number(bound);
        return format.IsOpenMetrics && text.All(c => char.IsAsciiDigit(c) || c == '-') ? $"{text}.0" : text;
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ when double.IsNaN(value) => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
