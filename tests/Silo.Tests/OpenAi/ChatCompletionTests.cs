using System.Text.Json;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.OpenAi;

/// <summary>What OpenAI's API has no word for, and what of it is not there. The model repeats what it was told, so an answer shows what was read.</summary>
public sealed class ChatCompletionTests : IAsyncLifetime
{
    private const string Path = "/v1/chat/completions";
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
    public async Task The_header_goes_before_the_user_and_at_chooses_the_version()
    {
        await _silo.CreateAsync("eve");
        await _silo.InjectAsync("eve", "other");
        await _silo.InjectAsync("eve", "later");

        Reply byHeader = await SendAsync(Request("bob"), ("X-Memory-Id", "eve"));
        Reply older = await SendAsync(Request("bob"), ("X-Memory-Id", "eve"), ("X-Memory-At", "2"));

        Assert.Equal("other|later", TextOf(byHeader));
        Assert.Equal("other", TextOf(older));
        Assert.Equal("2", older.Headers.GetValues("X-Memory-Version").Single());
        Assert.Equal("eve", older.Body.GetProperty("latentdb").GetProperty("memory").GetString());
    }

    [Theory]
    [InlineData("\"n\":2", "n")]
    [InlineData("\"tools\":[{\"type\":\"function\"}]", "tools")]
    [InlineData("\"tool_choice\":\"required\"", "tool_choice")]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}", "response_format")]
    [InlineData("\"modalities\":[\"text\",\"audio\"]", "modalities")]
    [InlineData("\"logprobs\":true", "logprobs")]
    [InlineData("\"logit_bias\":{\"50256\":-100}", "logit_bias")]
    [InlineData("\"frequency_penalty\":0.5", "frequency_penalty")]
    [InlineData("\"presence_penalty\":-1", "presence_penalty")]
    [InlineData("\"temperature\":2.5", "temperature")]
    [InlineData("\"max_tokens\":0", "max_tokens")]
    [InlineData("\"stop\":[\"\"]", "stop")]
    [InlineData("\"model\":\"gpt-4o\"", "model")]
    [InlineData("\"messages\":[]", "messages")]
    [InlineData("\"messages\":[{\"role\":\"robot\",\"content\":\"x\"}]", "messages[0].role")]
    [InlineData("\"messages\":[{\"role\":\"user\",\"content\":\" \"}]", "messages[0].content")]
    [InlineData("\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"http://x\"}}]}]", "messages[0].content[0].type")]
    [InlineData("\"user\":null", "user")]
    public async Task What_cannot_be_done_is_refused_and_names_the_parameter(string field, string parameter)
    {
        Reply reply = await SendAsync(Request("bob", field));

        Assert.Equal(parameter == "model" ? 404 : 400, reply.Status);
        Assert.Equal(parameter, ErrorOf(reply).GetProperty("param").GetString());
        Assert.Equal(reply.Headers.GetValues("X-Request-Id").Single(), ErrorOf(reply).GetProperty("request_id").GetString());
    }

    [Fact]
    public async Task What_asks_for_nothing_and_what_is_unknown_is_no_hindrance()
    {
        const string harmless = """
            "n":1,"tools":[],"tool_choice":"none","response_format":{"type":"text"},"modalities":["text"],"logprobs":false,"top_logprobs":0,"logit_bias":{},
            "frequency_penalty":0,"presence_penalty":0,"stop":null,"seed":-1,"store":true,"metadata":{"a":"b"},"service_tier":"auto","reasoning_effort":"low",
            "parallel_tool_calls":true,"a_field_of_next_year":{"x":[1]},"stream_options":null
            """;

        Reply reply = await SendAsync(Request("bob", harmless));

        Assert.Equal("one", TextOf(reply));
    }

    [Theory]
    [InlineData("X-Memory-Inject", "always")]
    [InlineData("X-Memory-Create", "yes")]
    [InlineData("X-Memory-Id", "")]
    [InlineData("X-Memory-Id", "../bob")]
    [InlineData("X-Memory-At", "2020-01-01")]
    public async Task A_header_that_says_nothing_sensible_is_refused(string header, string value) =>
        Assert.Equal("invalid_request_error", ErrorOf((await SendAsync(Request("bob"), (header, value))).Require(400)).GetProperty("type").GetString());

    [Fact]
    public async Task Only_the_newest_turn_of_the_user_is_injected()
    {
        const string talk = """
            "messages":[{"role":"system","content":"rules"},{"role":"user","content":"old"},{"role":"assistant","content":"said"},{"role":"user","content":"new"}]
            """;

        Reply reply = await SendAsync(Request("bob", talk), ("X-Memory-Inject", "exchange"));

        Assert.Equal(3, reply.Require(200).Body.GetProperty("latentdb").GetProperty("injected_version").GetInt64());
        JsonElement messages = (await _silo.GetAsync("/v1/memories/bob/versions/3/text")).Require(200).Body.GetProperty("messages");
        Assert.Equal(["user:new", "assistant:one"], messages.EnumerateArray().Select(m => $"{m.GetProperty("role").GetString()}:{m.GetProperty("content").GetString()}"));
    }

    [Fact]
    public async Task A_repeated_request_gets_the_first_answer_although_the_memory_has_moved_on()
    {
        (string, string)[] headers = [("X-Memory-Inject", "exchange"), ("Idempotency-Key", "k")];
        Reply first = await SendAsync(Request("bob"), headers);
        await _silo.InjectAsync("bob", "meanwhile");

        Reply again = await SendAsync(Request("bob"), headers);
        Reply other = await SendAsync(Request("bob", "\"messages\":[{\"role\":\"user\",\"content\":\"another\"}]"), headers);

        Assert.Equal(first.Body.GetProperty("id").GetString(), again.Body.GetProperty("id").GetString());
        Assert.Equal(TextOf(first), TextOf(again));
        Assert.Equal(3, again.Body.GetProperty("latentdb").GetProperty("injected_version").GetInt64());
        Assert.Equal(4, await _silo.HeadAsync("bob"));
        Assert.Equal("idempotency_mismatch", ErrorOf(other.Require(422)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_key_of_another_write_is_not_taken_for_a_completion()
    {
        (await _silo.PostAsync("/v1/memories/bob/inject", """{"text":"two","metadata":{"completion":7}}""", ("Idempotency-Key", "k"))).Require(200);

        Reply reply = await SendAsync(Request("bob"), ("X-Memory-Inject", "user"), ("Idempotency-Key", "k"));

        Assert.Equal("idempotency_mismatch", ErrorOf(reply.Require(422)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_missing_memory_is_made_by_the_header_and_by_the_option()
    {
        await using RunningSilo generous = await RunningSilo.StartAsync(new EchoModelHost(), "--open-ai-creates-memories", "true");

        Assert.Equal("memory_not_found", ErrorOf((await SendAsync(Request("new"))).Require(404)).GetProperty("code").GetString());
        (await SendAsync(Request("new"), ("X-Memory-Create", "true"))).Require(200);
        (await SendAsync(Request("new"), ("X-Memory-Create", "true"))).Require(200);
        (await generous.PostAsync(Path, Request("new"))).Require(200);
        (await generous.PostAsync(Path, Request("other"), ("X-Memory-Create", "false"))).Require(404);
    }

    [Fact]
    public async Task A_stream_that_fails_midway_ends_with_an_error()
    {
        _declared = [4111];
        await _silo.InjectAsync("bob", "two");
        int pieces = 0;
        _model.OnPiece = _ => ++pieces > 1 ? throw new LatentDbException(ErrorCode.DataDamaged, "Block 3 is damaged.") : Task.CompletedTask;

        Reply reply = await SendAsync(Request("bob", "\"stream\":true"));

        string[] events = reply.Require(200).Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(events, e => Assert.StartsWith("data: {", e, StringComparison.Ordinal));
        JsonElement error = JsonSerializer.Deserialize<JsonElement>(events[^1]["data: ".Length..]).GetProperty("error");
        Assert.Equal("data_damaged", error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_model_that_is_still_loading_is_told_with_a_time_to_come_again()
    {
        _model.IsReady = false;

        Reply reply = await SendAsync(Request("bob"));

        Assert.Equal("server_error", ErrorOf(reply.Require(503)).GetProperty("type").GetString());
        Assert.Equal(TimeSpan.FromSeconds(2), reply.Headers.RetryAfter!.Delta);
        (await _silo.GetAsync("/v1/models")).Require(503);
    }

    /// <summary>A request whose fields are replaced by those that are given.</summary>
    private static string Request(string memory, string more = "\"stream\":false")
    {
        Dictionary<string, JsonElement> fields = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(
            $$"""{"model":"echo","user":"{{memory}}","messages":[{"role":"user","content":"hello"}]}""")!;
        foreach ((string name, JsonElement value) in JsonSerializer.Deserialize<Dictionary<string, JsonElement>>($"{{{more}}}")!) fields[name] = value;
        return JsonSerializer.Serialize(fields);
    }

    private Task<Reply> SendAsync(string body, params (string Name, string Value)[] headers) => _silo.PostAsync(Path, body, headers);

    private static string TextOf(Reply reply) =>
        reply.Require(200).Body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;

    private static JsonElement ErrorOf(Reply reply) => reply.Body.GetProperty("error");
}
