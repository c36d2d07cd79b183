using System.Diagnostics;
using LatentDb.Silo.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;

namespace LatentDb.Silo.Tests.Telemetry;

/// <summary>One request is one trace, from HTTP to the disk.</summary>
public sealed class TraceTests : IAsyncLifetime, IDisposable
{
    private readonly SpanCollector _spans = new();
    private RunningSilo _silo = null!;

    public async Task InitializeAsync()
    {
        _silo = await RunningSilo.StartAsync(null, builder => builder.Services.AddSingleton<BaseProcessor<Activity>>(_spans));
        await _silo.CreateAsync("bob");
    }

    public async Task DisposeAsync()
    {
        await _silo.DisposeAsync();
        _silo.Logs.AssertOnly();
    }

    public void Dispose() => _spans.Dispose();

    [Fact]
    public async Task An_inject_is_one_trace_with_a_span_for_each_stage()
    {
        Activity[] spans = await TraceAsync("/v1/memories/bob/inject", """{"text":"Maria lives in Lisbon."}""");

        Activity request = Single(spans, "POST /v1/memories/{id}/inject");
        Activity inject = Single(spans, "memory.inject");
        Assert.Equal(request.SpanId, inject.ParentSpanId);
        string[] stages = ["memory.turn", "model.tokenize", "model.queue", "model.page_in", "model.turn", "model.encode", "model.append", "store.flush", "store.commit"];
        Assert.All(stages, stage => Assert.Equal(inject.SpanId, Single(spans, stage).ParentSpanId));
        Assert.NotEmpty(Named(spans, "store.group_commit"));
    }

    [Fact]
    public async Task A_query_is_one_trace_with_a_span_for_each_stage_whether_it_is_streamed_or_not()
    {
        await _silo.InjectAsync("bob", "Maria lives in Lisbon.");
        foreach (string stream in (string[])["true", "false"])
        {
            Activity[] spans = await TraceAsync("/v1/memories/bob/query", $$"""{"prompt":"Where does Maria live?","max_tokens":6,"stream":{{stream}}}""");

            Activity query = Single(spans, "memory.query");
            Assert.Equal(Single(spans, "POST /v1/memories/{id}/query").SpanId, query.ParentSpanId);
            string[] stages = ["model.tokenize", "model.queue", "model.page_in", "model.turn", "model.prefill", "model.decode"];
            Assert.All(stages, stage => Assert.Equal(query.SpanId, Single(spans, stage).ParentSpanId));
            Assert.InRange((int)Single(spans, "model.decode").GetTagItem("latentdb.tokens")!, 1, 6);
            Assert.Equal(8, spans.Length);
        }
    }

    [Fact]
    public async Task Spans_follow_each_other_within_their_parents()
    {
        Activity[] spans = await TraceAsync("/v1/memories/bob/query", """{"prompt":"Where does Maria live?","max_tokens":6}""");

        Activity[] stages = [.. ((string[])["model.queue", "model.page_in", "model.turn", "model.prefill", "model.decode"]).Select(name => Single(spans, name))];
        Activity query = Single(spans, "memory.query");

        Assert.All(stages.Zip(stages.Skip(1)), pair => Assert.True(pair.First.StartTimeUtc + pair.First.Duration <= pair.Second.StartTimeUtc + TimeSpan.FromMilliseconds(1)));
        Assert.All(stages, stage => Assert.True(stage.Duration <= query.Duration));
    }

    [Fact]
    public async Task Spans_say_tenant_version_and_counts_and_call_the_memory_by_a_code()
    {
        Activity[] spans = await TraceAsync("/v1/memories/bob/inject", """{"text":"Peter works as a baker."}""");
        Activity[] later = await TraceAsync("/v1/memories/bob/query", """{"prompt":"What does Peter do?","max_tokens":2}""");

        Activity inject = Single(spans, "memory.inject");
        Activity query = Single(later, "memory.query");
        Assert.Equal("default", inject.GetTagItem("latentdb.tenant"));
        Assert.Equal(await _silo.HeadAsync("bob"), inject.GetTagItem("latentdb.version"));
        Assert.Equal(inject.GetTagItem("latentdb.version"), query.GetTagItem("latentdb.version"));
        Assert.Equal(inject.GetTagItem("latentdb.memory"), query.GetTagItem("latentdb.memory"));
        Assert.NotEqual("bob", inject.GetTagItem("latentdb.memory"));
        Assert.True((int)Single(spans, "model.page_in").GetTagItem("latentdb.slices")! > 0);
    }

    [Fact]
    public async Task A_long_inject_has_a_bounded_number_of_spans()
    {
        string text = string.Join(' ', Enumerable.Range(0, 600).Select(i => $"Number {i} is here."));

        Activity[] spans = await TraceAsync("/v1/memories/bob/inject", $$"""{"text":"{{text}}"}""");

        Assert.True((int)Single(spans, "memory.inject").GetTagItem("latentdb.chunks")! > 8);
        Assert.Equal(8, Named(spans, "model.encode").Length);
        Assert.True(spans.Length < 60, $"{spans.Length} spans");
    }

    [Fact]
    public async Task A_refused_write_says_why_in_its_span_and_an_unknown_address_names_no_route()
    {
        Activity[] refused = await TraceAsync("/v1/memories/nobody/inject", """{"text":"Hello there."}""", 404);
        Activity[] lost = await TraceAsync("/v1/nothing/here", "{}", 404);

        Assert.Equal((ActivityStatusCode.Error, "memory_not_found"), (Single(refused, "memory.inject").Status, Single(refused, "memory.inject").StatusDescription));
        Assert.Equal(404, Single(refused, "POST /v1/memories/{id}/inject").GetTagItem("http.response.status_code"));
        Assert.Equal("POST", Assert.Single(lost).DisplayName);
    }

    [Fact]
    public async Task The_answer_names_the_trace_and_a_caller_without_one_gets_a_new_one()
    {
        (ActivityTraceId trace, (string, string) header) = SpanCollector.NewTrace();

        Reply mine = await _silo.SendAsync(HttpMethod.Get, "/healthz", null, header);
        Reply other = await _silo.GetAsync("/healthz");

        Assert.StartsWith($"00-{trace}-", mine.Headers.GetValues("traceresponse").Single(), StringComparison.Ordinal);
        Assert.EndsWith("-01", other.Headers.GetValues("traceresponse").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trace_that_its_caller_does_not_record_is_not_recorded()
    {
        string header = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00";
        (ActivityTraceId after, (string, string) recorded) = SpanCollector.NewTrace();

        await _silo.SendAsync(HttpMethod.Get, "/v1/memories/bob", null, ("traceparent", header));
        await _silo.SendAsync(HttpMethod.Get, "/v1/memories/bob", null, recorded);

        Assert.Single(await _spans.OfAsync(after));
        Assert.Empty(_spans.Seen(ActivityTraceId.CreateFromString(header.AsSpan(3, 32))));
    }

    private async Task<Activity[]> TraceAsync(string path, string json, int status = 200)
    {
        (ActivityTraceId trace, (string, string) header) = SpanCollector.NewTrace();
        (await _silo.PostAsync(path, json, header)).Require(status);
        return await _spans.OfAsync(trace);
    }

    private static Activity Single(Activity[] spans, string name) => Assert.Single(Named(spans, name));

    private static Activity[] Named(Activity[] spans, string name) => [.. spans.Where(s => s.DisplayName == name)];
}
