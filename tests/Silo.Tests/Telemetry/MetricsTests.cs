using System.Diagnostics;
using LatentDb.Silo.Security;
using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LatentDb.Silo.Tests.Telemetry;

/// <summary>What a running server tells Prometheus.</summary>
public sealed class MetricsTests(MeteredServer server) : IClassFixture<MeteredServer>
{
    private const string OpenMetrics = MeteredServer.OpenMetrics;

    private static readonly string[] Expected =
    [
        "http_server_request_duration_seconds", "http_server_active_requests", "kestrel_active_connections", "dotnet_process_memory_working_set_bytes",
        "latentdb_grains_active", "latentdb_grains_call_duration_seconds", "latentdb_grains_turn_wait_seconds", "latentdb_http_problems",
        "latentdb_grains_routed", "latentdb_grains_route_retried", "latentdb_grains_route_waited_seconds",
        "latentdb_model_batch_size", "latentdb_model_step_duration_seconds", "latentdb_model_iteration_duration_seconds",
        "latentdb_model_prompt_cache_tokens", "latentdb_model_prompt_cache_resident_bytes",
        "latentdb_model_requests_active", "latentdb_model_requests_waiting", "latentdb_model_requests_refused", "latentdb_model_stage_duration_seconds",
        "latentdb_model_time_to_first_token_seconds", "latentdb_model_time_per_token_seconds", "latentdb_model_tokens",
        "latentdb_pager_slices", "latentdb_pager_loaded_bytes", "latentdb_pager_pin_duration_seconds", "latentdb_pager_evictions", "latentdb_pager_resident_bytes",
        "latentdb_pager_budget_bytes", "latentdb_pager_pins",
        "latentdb_store_appended_bytes", "latentdb_store_commit_duration_seconds", "latentdb_store_commit_records", "latentdb_store_sync_duration_seconds",
        "latentdb_store_read_bytes", "latentdb_store_recovery_duration_seconds", "latentdb_store_reopenings", "latentdb_store_damage",
        "latentdb_store_compaction_freed_bytes", "latentdb_store_compaction_copied_bytes", "latentdb_store_versions_dropped",
        "latentdb_store_shards", "latentdb_store_shards_failed", "latentdb_store_memories", "latentdb_store_live_bytes", "latentdb_store_files_bytes",
        "latentdb_store_disk_free_bytes",
    ];

    [Fact]
    public async Task Both_texts_are_well_formed_and_tell_the_same()
    {
        await server.TrafficAsync();

        Reply plain = await server.ScrapeAsync("text/plain");
        Reply open = await server.ScrapeAsync(OpenMetrics);
        IReadOnlyDictionary<string, ExpositionParser.Family> prometheus = ExpositionParser.Parse(plain.Text, isOpenMetrics: false);
        IReadOnlyDictionary<string, ExpositionParser.Family> openMetrics = ExpositionParser.Parse(open.Text, isOpenMetrics: true);

        Assert.Equal(
            openMetrics.Values.Select(f => f.Type switch { "counter" => $"{f.Name}_total", "info" => $"{f.Name}_info", _ => f.Name }).Order(StringComparer.Ordinal),
            prometheus.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(Expected.Except(openMetrics.Keys));
    }

    [Fact]
    public async Task An_exemplar_leads_to_the_trace_of_a_request()
    {
        await server.TrafficAsync();
        (ActivityTraceId trace, (string, string) header) = SpanCollector.NewTrace();
        (await server.PostAsync("/v1/memories/bob/inject", """{"text":"Maria lives in Lisbon."}""", header)).Require(200);

        IReadOnlyDictionary<string, ExpositionParser.Family> families = ExpositionParser.Parse((await server.ScrapeAsync(OpenMetrics)).Text, isOpenMetrics: true);

        Assert.Contains(families["latentdb_grains_call_duration_seconds"].Samples, s => s.Exemplar?.Trace == trace.ToHexString());
        Assert.Contains(families["latentdb_store_appended_bytes"].Samples, s => s.Exemplar is not null);
    }

    [Theory]
    [InlineData(null, "text/plain")]
    [InlineData("*/*", "text/plain")]
    [InlineData("text/html,*/*;q=0.8", "text/plain")]
    [InlineData("application/openmetrics-text; version=1.0.0; charset=utf-8", "application/openmetrics-text")]
    [InlineData(OpenMetrics, "application/openmetrics-text")]
    [InlineData("application/openmetrics-text;q=0.3,text/plain;q=0.9", "text/plain")]
    [InlineData("application/openmetrics-text;q=0", "text/plain")]
    [InlineData("application/openmetrics-text;version=9.0.0", "text/plain")]
    [InlineData("not a type", "text/plain")]
    public async Task The_text_is_the_one_that_is_asked_for(string? accept, string type)
    {
        Reply reply = await server.ScrapeAsync(accept);

        Assert.Equal(type, reply.ContentType);
        ExpositionParser.Parse(reply.Text, isOpenMetrics: type != "text/plain");
    }

    [Fact]
    public async Task Scrapes_at_the_same_time_do_not_mix()
    {
        await server.TrafficAsync();

        Reply[] replies = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => server.ScrapeAsync(i % 2 == 0 ? "text/plain" : OpenMetrics)));

        Assert.All(replies.Index(), reply => ExpositionParser.Parse(reply.Item.Text, isOpenMetrics: reply.Index % 2 != 0));
    }

    [Fact]
    public async Task Metrics_need_an_operator_unless_the_server_is_told_to_show_them_to_all()
    {
        await using RunningSilo closed = await RunningSilo.StartAsync();
        await using RunningSilo open = await RunningSilo.StartAsync(null, "--public-metrics", "true");

        Assert.Equal(Role.Operator, RoleOf(closed));
        Assert.Null(RoleOf(open));
        closed.Logs.AssertOnly();
        open.Logs.AssertOnly();
    }

    [RequiresPythonModuleFact("prometheus_client")]
    public async Task The_parsers_of_prometheus_own_client_read_both_texts()
    {
        await server.TrafficAsync();
        using var folder = new TempFolder();
        string plain = Path.Combine(folder.Path, "plain.txt");
        string open = Path.Combine(folder.Path, "open.txt");
        await File.WriteAllTextAsync(plain, (await server.ScrapeAsync("text/plain")).Text);
        await File.WriteAllTextAsync(open, (await server.ScrapeAsync(OpenMetrics)).Text);
        const string script = """
            import sys
            from prometheus_client.parser import text_string_to_metric_families as plain
            from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
            for parse, path in ((plain, sys.argv[1]), (openmetrics, sys.argv[2])):
                families = list(parse(open(path, encoding="utf-8").read()))
                print(len(families), sum(1 for f in families for s in f.samples if s.exemplar))
            """;

        (int exitCode, string output) = await Shell.RunToEndAsync(RequiresPythonModuleFactAttribute.FindInterpreter("prometheus_client")!, "-c", script, plain, open);

        Assert.True(exitCode == 0, output);
        Assert.Matches(@"\A\d+ 0\n\d+ \d+\n\z", output);
    }

    private static Role? RoleOf(RunningSilo silo) => silo.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Single(e => e.RoutePattern.RawText == "/metrics").Metadata.GetRequiredMetadata<RequiredRole>().Role;
}
