using System.Text.Json;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Mcp;

/// <summary>The protocol as it is on the wire: what clients of our own kind never send.</summary>
public sealed class McpHttpTests : IAsyncLifetime
{
    private const string Self = "2026-07-28";
    private readonly EchoModelHost _model = new();
    private RunningSilo _silo = null!;
    private int[] _declared = [];

    public async Task InitializeAsync()
    {
        _silo = await RunningSilo.StartAsync(_model);
        await _silo.CreateAsync("bob");
        await _silo.InjectAsync("bob", "one");
    }

    public async Task DisposeAsync()
    {
        await _silo.DisposeAsync();
        _silo.Logs.AssertOnly(_declared);
    }

    [Fact]
    public async Task A_message_needs_no_message_before_it()
    {
        JsonElement answer = await CallAsync("recall", """{"question":"What?"}""", ("X-Memory-Id", "bob"));

        Assert.Equal("one", answer.GetProperty("structuredContent").GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_host_that_can_set_no_headers_names_the_memory_in_the_address()
    {
        Reply reply = await _silo.PostAsync("/mcp?memory=bob", Message("recall", """{"question":"What?"}"""));

        Assert.Equal("one", Result(reply).GetProperty("structuredContent").GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_notification_is_accepted_without_an_answer()
    {
        Reply reply = await _silo.PostAsync("/mcp", """{"jsonrpc":"2.0","method":"notifications/initialized"}""");

        Assert.Equal(string.Empty, reply.Require(202).Text);
        Assert.Null(reply.ContentType);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task There_are_no_sessions_to_listen_to_or_to_end(string method) =>
        (await _silo.SendAsync(new HttpMethod(method), "/mcp")).RequireProblem(405, "method_not_allowed");

    [Fact]
    public async Task A_page_of_another_site_is_refused_and_one_of_this_server_is_not()
    {
        string own = _silo.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);

        (await _silo.PostAsync("/mcp", Message("list_memories", "{}"), ("Origin", "http://evil.example"))).RequireProblem(403, "cross_site");
        (await _silo.PostAsync("/mcp", Message("list_memories", "{}"), ("Origin", own))).Require(200);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]")]
    [InlineData("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}")]
    [InlineData("{\"id\":1}")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}")]
    [InlineData("\"\\ud800\"")]
    public async Task What_is_no_message_is_refused(string body)
    {
        Reply reply = await _silo.PostAsync("/mcp", body);

        Assert.Equal(-32600, reply.Require(400).Body.GetProperty("error").GetProperty("code").GetInt32());
    }

    [Theory]
    [InlineData("""{"question":7}""")]
    [InlineData("""{"question":null}""")]
    [InlineData("""{"question":" "}""")]
    [InlineData("""{"question":"x","at":""}""")]
    [InlineData("""{"question":"x","memory":"eve"}""")]
    public async Task Wrong_arguments_are_a_result_that_says_so(string arguments)
    {
        JsonElement answer = await CallAsync("recall", arguments, ("X-Memory-Id", "bob"));

        Assert.True(answer.GetProperty("isError").GetBoolean());
        Assert.StartsWith("invalid_request: ", answer.GetProperty("content")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_of_a_character_is_refused()
    {
        Reply reply = await _silo.PostAsync("/mcp", Message("recall", """{"question":"\ud800"}"""), ("X-Memory-Id", "bob"));

        Assert.Contains("\"error\"", reply.Require(200).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MCP-Protocol-Version", "2031-01-01", -32022)]
    [InlineData("Mcp-Method", "tools/list", -32020)]
    [InlineData("Mcp-Name", "remember", -32020)]
    [InlineData("MCP-Protocol-Version", "2025-11-25", 0)]
    public async Task Headers_that_say_something_else_than_the_body_are_refused(string header, string value, int code)
    {
        var headers = new Dictionary<string, string> { ["X-Memory-Id"] = "bob", ["MCP-Protocol-Version"] = Self, ["Mcp-Method"] = "tools/call", ["Mcp-Name"] = "recall" };
        headers[header] = value;

        Reply reply = await _silo.PostAsync("/mcp", SelfContained("tools/call", """ "name":"recall","arguments":{"question":"What?"}, """), [.. headers.Select(h => (h.Key, h.Value))]);

        if (code == 0) Assert.Equal(200, reply.Status);
        else Assert.Equal(code, reply.Require(400).Body.GetProperty("error").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task A_defect_in_a_tool_is_logged_and_told_without_details()
    {
        _declared = [4122, 2102]; // The second one where the model is at another silo.
        _model.OnPiece = _ => throw new InvalidOperationException("a secret of the server");

        JsonElement answer = await CallAsync("recall", """{"question":"What?"}""", ("X-Memory-Id", "bob"));

        Assert.StartsWith("internal: ", answer.GetProperty("content")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", answer.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_passes_by_itself_is_told_with_a_time()
    {
        _model.OnInject = (_, _) => throw new LatentDbException(ErrorCode.Overloaded, "Too many requests wait for the model.") { RetryAfter = TimeSpan.FromSeconds(3) };

        JsonElement answer = await CallAsync("remember", """{"text":"two"}""", ("X-Memory-Id", "bob"));

        Assert.Equal("overloaded: Too many requests wait for the model. Try again in 3 s.", answer.GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task What_was_said_stands_in_no_line_of_the_log()
    {
        await CallAsync("remember", """{"text":"canary-7f3c"}""", ("X-Memory-Id", "bob"));
        await CallAsync("recall", """{"question":"canary-8a4d","at":"99"}""", ("X-Memory-Id", "bob"));

        Assert.DoesNotContain(_silo.Logs.Lines, l => l.Message.Contains("canary", StringComparison.Ordinal) || l.Error?.ToString().Contains("canary", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_client_that_goes_away_ends_the_call()
    {
        Gate gate = new();
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _model.OnPiece = async token =>
        {
            try
            {
                await gate.PassAsync(token);
            }
            finally
            {
                left.TrySetResult();
            }
        };
        using var leaving = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp") { Content = RunningSilo.Json(Message("recall", """{"question":"What?"}""")) };
        request.Headers.Add("X-Memory-Id", "bob");
        Task<HttpResponseMessage> sending = _silo.Http.SendAsync(request, HttpCompletionOption.ResponseContentRead, leaving.Token);
        await gate.Arrived;

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await left.Task;
    }

    private async Task<JsonElement> CallAsync(string tool, string arguments, params (string, string)[] headers) =>
        Result(await _silo.PostAsync("/mcp", Message(tool, arguments), headers));

    private static JsonElement Result(Reply reply)
    {
        Assert.Equal("text/event-stream", reply.Require(200).ContentType);
        string data = Assert.Single(reply.Text.Split('\n'), l => l.StartsWith("data: ", StringComparison.Ordinal));
        JsonElement message = JsonSerializer.Deserialize<JsonElement>(data["data: ".Length..]);
        Assert.Equal(1, message.GetProperty("id").GetInt32());
        return message.GetProperty("result");
    }

    private static string Message(string tool, string arguments) =>
        $$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"{{{tool}}}","arguments":{{{arguments}}} } }""";

    private static string SelfContained(string method, string fields) => $$$"""
        {"jsonrpc":"2.0","id":1,"method":"{{{method}}}","params":{ {{{fields}}}
        "_meta":{"io.modelcontextprotocol/protocolVersion":"{{{Self}}}","io.modelcontextprotocol/clientCapabilities":{} } } }
        """;
}
