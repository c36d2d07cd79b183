using System.Reflection;
using System.Text.Json;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Http;
using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Http;

/// <summary>Errors on the wire: every code has a status and a page, and nothing leaks.</summary>
public sealed class ProblemTests
{
    public static TheoryData<string> Codes => [.. AllCodes().Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Every_code_has_a_status_and_an_anchor_in_the_documentation(string name)
    {
        string[] lines = File.ReadAllLines(RepositoryFiles.Combine("docs", "errors.md"));

        Assert.Contains(ProblemCatalog.Kinds, k => k.Key.Name == name);
        Assert.Contains($"### {name}", lines);
    }

    [Fact]
    public void The_documentation_names_no_code_that_does_not_exist()
    {
        string[] lines = File.ReadAllLines(RepositoryFiles.Combine("docs", "errors.md"));

        IEnumerable<string> documented = lines.Where(l => l.StartsWith("### ", StringComparison.Ordinal)).Select(l => l[4..]);

        Assert.Equal(AllCodes().Select(c => c.Name).Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_remedy_and_the_status_agree()
    {
        Assert.All(ProblemCatalog.Kinds, k => Assert.True(
            k.Key.Remedy switch
            {
                Remedy.FixRequest => k.Value.Status is >= 400 and < 500 and not 429,
                Remedy.RetryLater => k.Value.Status is 429 or 503 or 507,
                _ => k.Value.Status >= 500,
            },
            $"{k.Key} is {k.Value.Status} but says {k.Key.Remedy}"));
    }

    [Theory]
    [InlineData("overloaded", 429, true)]
    [InlineData("model_loading", 503, true)]
    [InlineData("shutting_down", 503, true)]
    [InlineData("stale_owner", 503, true)]
    [InlineData("not_owner", 503, true)]
    [InlineData("silo_unreachable", 503, true)]
    [InlineData("store_full", 507, true)]
    [InlineData("store_unavailable", 503, false)]
    [InlineData("data_damaged", 500, false)]
    [InlineData("model_mismatch", 409, false)]
    [InlineData("version_conflict", 409, false)]
    [InlineData("text_too_short", 422, false)]
    public async Task A_failure_of_the_model_or_the_store_becomes_its_problem(string code, int status, bool hasRetryAfter)
    {
        var model = new EchoModelHost();
        await using RunningSilo silo = await RunningSilo.StartAsync(model);
        await silo.CreateAsync("bob");
        model.OnInject = (_, _) => throw new LatentDbException(AllCodes().Single(c => c.Name == code), "Because of the test.");

        Reply reply = (await silo.PostAsync("/v1/memories/bob/inject", """{"text":"one"}""")).RequireProblem(status, code);

        Assert.Equal(hasRetryAfter, reply.Headers.RetryAfter is not null);
        Assert.Equal(1, await silo.HeadAsync("bob"));
        silo.Logs.AssertOnly(4003);
    }

    [Fact]
    public async Task A_defect_is_answered_without_details_and_logged_once_with_them()
    {
        var model = new EchoModelHost();
        await using RunningSilo silo = await RunningSilo.StartAsync(model);
        await silo.CreateAsync("bob");
        model.OnInject = (_, _) => throw new InvalidOperationException("secret detail");

        Reply reply = (await silo.PostAsync("/v1/memories/bob/inject", """{"text":"one"}""")).RequireProblem(500, "internal");

        Assert.DoesNotContain("secret", reply.Text, StringComparison.Ordinal);
        Assert.Single(silo.Logs.Warnings, line => line.Error?.Message == "secret detail");
        Assert.Equal(OwnerSilos.AreWanted ? 2 : 1, silo.Logs.Warnings.Count); // Where it happened, and where it was answered.
        Assert.Equal(1, await silo.HeadAsync("bob"));
    }

    [Fact]
    public async Task User_text_is_in_no_log_line_and_in_no_problem()
    {
        var model = new EchoModelHost();
        await using RunningSilo silo = await RunningSilo.StartAsync(model);
        await silo.CreateAsync("bob");

        await silo.InjectAsync("bob", "xyzzy-secret");
        await silo.PostAsync("/v1/memories/bob/query", """{"prompt":"xyzzy-secret","at":"99"}""");
        Reply reply = await silo.PostAsync("/v1/memories/bob/inject", """{"text":"xyzzy-secret","bad":1}""");

        Assert.DoesNotContain("xyzzy", reply.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(silo.Logs.Lines, l => l.Message.Contains("xyzzy", StringComparison.Ordinal));
    }

    [EmbeddedFact(Alone.Loading)]
    public async Task Everything_waits_while_the_model_loads_and_readiness_says_so()
    {
        var model = new EchoModelHost { IsReady = false };
        await using RunningSilo silo = await RunningSilo.StartAsync(model);

        Reply early = await silo.GetAsync("/readyz");
        Reply refused = (await silo.PostAsync("/v1/memories", """{"id":"bob"}""")).RequireProblem(503, "model_loading");
        (await silo.GetAsync("/healthz")).Require(200);
        model.IsReady = true;

        Assert.Equal(503, early.Status);
        Assert.Equal("loading", early.Body.GetProperty("model").GetString());
        Assert.NotNull(refused.Headers.RetryAfter);
        (await silo.GetAsync("/readyz")).Require(200);
        await silo.CreateAsync("bob");
    }

    [EmbeddedFact(Alone.Stopping)]
    public async Task A_server_that_stops_ends_what_runs_and_refuses_what_comes()
    {
        var model = new EchoModelHost();
        await using RunningSilo silo = await RunningSilo.StartAsync(model);
        await silo.CreateAsync("bob");
        var gate = new Gate();
        model.OnInject = (_, token) => gate.PassAsync(token);
        Task<long> running = silo.InjectAsync("bob", "one");
        await gate.Arrived;

        Task stopping = silo.StopAsync();
        Reply refused = (await silo.GetAsync("/v1/memories/bob")).RequireProblem(503, "shutting_down");
        Reply notReady = await silo.GetAsync("/readyz");
        gate.Open();
        await stopping;

        Assert.Equal(2, await running);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(503, notReady.Status);
        silo.Logs.AssertOnly();
    }

    [Theory]
    [InlineData("evil.example", 421)]
    [InlineData("127.0.0.1.evil.example", 421)]
    [InlineData("192.168.1.2:5080", 421)]
    [InlineData("localhost.evil.example:5080", 421)]
    [InlineData("localhost:5080", 200)]
    [InlineData("LOCALHOST", 200)]
    [InlineData("127.0.0.2", 200)]
    [InlineData("[::1]:5080", 200)]
    public async Task Without_keys_only_the_names_of_loopback_are_answered(string host, int status)
    {
        await using RunningSilo silo = await RunningSilo.StartAsync(new EchoModelHost());

        Reply reply = await silo.SendAsync(HttpMethod.Get, "/v1/memories", null, ("Host", host));

        if (status == 200) reply.Require(200);
        else reply.RequireProblem(status, "host_not_allowed");
    }

    [Fact]
    public void Problems_are_snake_case_json()
    {
        string json = JsonSerializer.Serialize(ApiProblem.Of(ErrorCode.MemoryNotFound, "No.", "r-1"), ApiJson.Options);

        Assert.Equal(
            """{"type":"urn:latentdb:problem:memory_not_found","title":"There is no such memory","status":404,"detail":"No.","code":"memory_not_found","remedy":"fix_request","request_id":"r-1"}""",
            json);
    }

    private static IEnumerable<ErrorCode> AllCodes() =>
        typeof(HttpErrorCode).Assembly.GetTypes().Where(t => t.Name.EndsWith("ErrorCode", StringComparison.Ordinal)).Append(typeof(ErrorCode))
            .SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Where(f => f.FieldType == typeof(ErrorCode))
            .Select(f => (ErrorCode)f.GetValue(null)!);
}
