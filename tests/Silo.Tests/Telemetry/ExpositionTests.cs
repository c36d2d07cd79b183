using System.Diagnostics.Metrics;
using System.Text;
using LatentDb.Silo.Telemetry.Scrape;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace LatentDb.Silo.Tests.Telemetry;

/// <summary>The writer of expositions with what a running server never says.</summary>
public sealed class ExpositionTests
{
    private const string Odd = "a \"quote\", a \\ and\na new line, ü€😀";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Odd_words_come_back_as_they_were(bool isOpenMetrics)
    {
        ExpositionParser.Family family = (await WriteAsync(isOpenMetrics, meter => meter.CreateCounter<long>("odd", null, Odd).Add(3, new KeyValuePair<string, object?>("label", Odd))))
            .Values.Single(f => f.Type == "counter");

        Assert.Equal(Odd, family.Help);
        Assert.Equal(Odd, Assert.Single(family.Samples).Labels["label"]);
    }

    [Theory]
    [InlineData("latentdb.store.appended", "By", "latentdb_store_appended_bytes")]
    [InlineData("request.duration", "s", "request_duration_seconds")]
    [InlineData("already_seconds", "s", "already_seconds")]
    [InlineData("things", "{thing}", "things")]
    [InlineData("things.total", "{thing}", "things")]
    [InlineData("speed", "By/s", "speed_By_s")]
    public async Task Names_follow_the_rules_of_the_conversion(string instrument, string unit, string name)
    {
        IReadOnlyDictionary<string, ExpositionParser.Family> families = await WriteAsync(isOpenMetrics: true, meter => Add(meter, instrument, unit));

        Assert.Contains(name, families.Keys);
    }

    [Fact]
    public async Task Two_tags_that_become_one_label_are_joined()
    {
        IReadOnlyDictionary<string, ExpositionParser.Family> families = await WriteAsync(
            isOpenMetrics: true, meter => meter.CreateCounter<long>("c").Add(1, new("a.b", "one"), new("a_b", "two"), new("is", true)));

        IReadOnlyDictionary<string, string> labels = Assert.Single(families["c"].Samples).Labels;
        Assert.Equal(("one;two", "true"), (labels["a_b"], labels["is"]));
    }

    [Fact]
    public async Task Numbers_at_the_edges_are_written_as_the_formats_spell_them()
    {
        IReadOnlyDictionary<string, ExpositionParser.Family> families = await WriteAsync(isOpenMetrics: true, meter =>
        {
            Gauge<double> gauge = meter.CreateGauge<double>("g");
            foreach (double value in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e-300, -0.5]) gauge.Record(value, new KeyValuePair<string, object?>("v", value));
            meter.CreateUpDownCounter<long>("u").Add(-7);
        });

        Assert.All(families["g"].Samples, s => Assert.Equal(s.Labels["v"], s.Value.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(-7, Assert.Single(families["u"].Samples).Value);
    }

    [Fact]
    public async Task A_series_that_two_meters_have_is_told_once()
    {
        IReadOnlyDictionary<string, ExpositionParser.Family> families = await WriteAsync(isOpenMetrics: true, meter =>
        {
            meter.CreateCounter<long>("same", null, "first").Add(1);
            meter.CreateCounter<long>("same", null, "second").Add(2);
        });

        Assert.Equal(1, Assert.Single(families["same"].Samples).Value);
    }

    [Fact]
    public async Task Instruments_of_one_name_stand_together_and_one_that_disagrees_is_left_out()
    {
        IReadOnlyDictionary<string, ExpositionParser.Family> families = await WriteAsync(isOpenMetrics: true, meter =>
        {
            meter.CreateCounter<long>("twice", null, "first").Add(1, new KeyValuePair<string, object?>("from", 1));
            meter.CreateCounter<long>("twice", null, "second").Add(1, new KeyValuePair<string, object?>("from", 2));
            meter.CreateGauge<long>("twice").Record(9);
        });

        Assert.Equal(["1", "2"], families["twice"].Samples.Select(s => s.Labels["from"]).Order());
    }

    private static void Add(Meter meter, string instrument, string unit) => meter.CreateCounter<long>(instrument, unit).Add(1);

    private static async Task<IReadOnlyDictionary<string, ExpositionParser.Family>> WriteAsync(bool isOpenMetrics, Action<Meter> measure)
    {
        string name = Guid.NewGuid().ToString();
        using var meter = new Meter(name);
        using var scrape = new MetricsScrape();
        using MeterProvider provider = Sdk.CreateMeterProviderBuilder().AddMeter(name).AddReader(scrape.Reader).Build();
        measure(meter);
        byte[] text = await scrape.CollectAsync(isOpenMetrics ? ExpositionFormat.OpenMetrics : ExpositionFormat.Prometheus, default);
        return ExpositionParser.Parse(Encoding.UTF8.GetString(text), isOpenMetrics);
    }
}
