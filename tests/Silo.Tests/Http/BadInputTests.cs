using System.Text;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Http;

/// <summary>Bad input: the right 4xx with a problem that says what to do, never a 5xx, nothing changed.</summary>
public sealed class BadInputTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private RunningSilo Silo => fixture.Silo;

    public static TheoryData<string, string, int, string> Bodies
    {
        get
        {
            var data = new TheoryData<string, string, int, string>();
            foreach (string verb in new[] { "inject", "query", "rollback", "snapshots", "" })
            {
                foreach (string body in new[] { "", "{", "null", "[]", "1", "\"x\"", "{} {}", "{\"a\":1,}", "{'a':1}", "// c\n{}", "{\"unknown\":1}", "{\"__proto__\":{}}" })
                {
                    data.Add(verb, body, 400, "malformed_json");
                }
            }

            foreach ((string verb, string name) in new[] { ("inject", "text"), ("query", "prompt") })
            {
                data.Add(verb, "{}", 400, "invalid_request");
                data.Add(verb, $$"""{"{{name}}":""}""", 400, "invalid_request");
                data.Add(verb, $$"""{"{{name}}":" \n\t "}""", 400, "invalid_request");
                data.Add(verb, $$"""{"{{name}}":null}""", 400, "invalid_request");
                data.Add(verb, $$"""{"{{name}}":7}""", 400, "malformed_json");
                data.Add(verb, $$"""{"{{name}}":"a","{{name}}":"b"}""", 400, "malformed_json");
                data.Add(verb, $$"""{"{{name}}":"\ud800"}""", 400, "malformed_json");
                data.Add(verb, $$"""{"{{name}}":"\udc00\ud800"}""", 400, "malformed_json");
                data.Add(verb, $$"""{"{{name}}":"x","messages":[{"role":"user","content":"y"}]}""", 400, "invalid_request");
                data.Add(verb, """{"messages":[]}""", 400, "invalid_request");
                data.Add(verb, """{"messages":[null]}""", 400, "invalid_request");
                data.Add(verb, """{"messages":[{"role":"robot","content":"y"}]}""", 400, "invalid_request");
                data.Add(verb, """{"messages":[{"role":"user","content":""}]}""", 400, "invalid_request");
                data.Add(verb, """{"messages":[{"role":"user"}]}""", 400, "malformed_json");
                data.Add(verb, """{"messages":[{"role":"user","content":"y","name":"z"}]}""", 400, "malformed_json");
                data.Add(verb, """{"messages":"hello"}""", 400, "malformed_json");
                data.Add(verb, $$"""{"{{name}}":"x","seed":-1}""", 400, "malformed_json");
                data.Add(verb, $$"""{"{{name}}":"x","seed":1.5}""", 400, "malformed_json");
                data.Add(verb, $$"""{"{{name}}":"x","seed":18446744073709551616}""", 400, "malformed_json");
            }

            AddQueries(data);
            AddOthers(data);
            return data;
        }
    }

    public static TheoryData<string, string, int, string> Addresses => new()
    {
        { "GET", "/nowhere", 404, "route_not_found" },
        { "GET", "/v1", 404, "route_not_found" },
        { "GET", "/v1/memories/{id}/nothing", 404, "route_not_found" },
        { "PUT", "/v1/memories/{id}", 405, "method_not_allowed" },
        { "PATCH", "/v1/memories", 405, "method_not_allowed" },
        { "GET", "/v1/memories/{id}/inject", 405, "method_not_allowed" },
        { "DELETE", "/v1/memories/{id}/versions/1", 405, "method_not_allowed" },
        { "GET", "/v1/memories/unknown", 404, "memory_not_found" },
        { "DELETE", "/v1/memories/unknown", 404, "memory_not_found" },
        { "GET", "/v1/memories/unknown/versions", 404, "memory_not_found" },
        { "GET", "/v1/memories/unknown/versions/1", 404, "memory_not_found" },
        { "GET", "/v1/memories/-bad", 400, "invalid_name" },
        { "GET", "/v1/memories/a%20b", 400, "invalid_name" },
        { "GET", "/v1/memories/a%2Fb", 400, "invalid_name" },
        { "GET", "/v1/memories/%01", 400, "invalid_name" },
        { "GET", "/v1/memories/%ff", 400, "invalid_name" },
        { "GET", "/v1/memories/%C3%A9", 400, "invalid_name" },
        { "GET", "/v1/memories/..%2f..%2fetc", 400, "invalid_name" },
        { "GET", "/v1/memories/" + new string('x', 129), 400, "invalid_name" },
        { "GET", "/v1/memories/{id}/versions/0", 404, "version_not_found" },
        { "GET", "/v1/memories/{id}/versions/99", 404, "version_not_found" },
        { "GET", "/v1/memories/{id}/versions/-1", 400, "invalid_request" },
        { "GET", "/v1/memories/{id}/versions/1.0", 400, "invalid_request" },
        { "GET", "/v1/memories/{id}/versions/head", 400, "invalid_request" },
        { "GET", "/v1/memories/{id}/versions/99999999999999999999", 400, "invalid_request" },
        { "DELETE", "/v1/memories/{id}/snapshots/nosuch", 404, "snapshot_not_found" },
        { "DELETE", "/v1/memories/{id}/snapshots/1", 400, "invalid_name" },
        { "GET", "/v1/memories?limit=0", 400, "invalid_request" },
        { "GET", "/v1/memories?limit=-1", 400, "invalid_request" },
        { "GET", "/v1/memories?limit=201", 400, "invalid_request" },
        { "GET", "/v1/memories?limit=NaN", 400, "invalid_request" },
        { "GET", "/v1/memories?limit=", 400, "invalid_request" },
        { "GET", "/v1/memories?limit=1&limit=2", 400, "invalid_request" },
        { "GET", "/v1/memories?limit=99999999999", 400, "invalid_request" },
        { "GET", "/v1/memories?cursor=!!!", 400, "invalid_request" },
        { "GET", "/v1/memories?cursor=_w", 400, "invalid_request" },
        { "GET", "/v1/memories?cursor=IA", 400, "invalid_request" },
        { "GET", "/v1/memories/{id}/versions?cursor=YWJj", 400, "invalid_request" },
        { "GET", "/v1/memories/{id}/versions?limit=x", 400, "invalid_request" },
    };

    public static TheoryData<string, string> Headers => new()
    {
        { "If-Match", "v1" },
        { "If-Match", "\"1\"" },
        { "If-Match", "W/\"v1\"" },
        { "If-Match", "\"v1\", \"v2\"" },
        { "If-Match", "\"v0\"" },
        { "If-Match", "\"v-1\"" },
        { "If-Match", "\"v99999999999999999999\"" },
        { "Idempotency-Key", "with blank" },
        { "Idempotency-Key", new string('k', 129) },
    };

    public static TheoryData<string?> ContentTypes => ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "multipart/form-data; boundary=x", "application/jsonx"];

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_bad_body_is_refused_and_changes_nothing(string verb, string body, int status, string code)
    {
        string id = await fixture.NewMemoryAsync();
        string path = verb.Length == 0 ? "/v1/memories" : $"/v1/memories/{id}/{verb}";

        Reply reply = await Silo.PostAsync(path, body);

        reply.RequireProblem(status, code);
        Assert.Equal("fix_request", reply.Body.GetProperty("remedy").GetString());
        Assert.DoesNotContain("LatentDb.", reply.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", reply.Text, StringComparison.Ordinal);
        await AssertUntouchedAsync(id);
    }

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task A_bad_address_is_refused_with_a_problem(string method, string path, int status, string code)
    {
        string id = await fixture.NewMemoryAsync();

        Reply reply = await Silo.SendAsync(new HttpMethod(method), path.Replace("{id}", id, StringComparison.Ordinal));

        reply.RequireProblem(status, code);
        await AssertUntouchedAsync(id);
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task A_bad_header_is_refused_and_changes_nothing(string name, string value)
    {
        string id = await fixture.NewMemoryAsync();

        (await Silo.PostAsync($"/v1/memories/{id}/inject", """{"text":"Maria lives in Lisbon."}""", (name, value))).RequireProblem(400, "invalid_request");
        (await Silo.PostAsync($"/v1/memories/{id}/rollback", """{"to":1}""", (name, value))).RequireProblem(400, "invalid_request");

        await AssertUntouchedAsync(id);
    }

    [Theory]
    [MemberData(nameof(ContentTypes))]
    public async Task A_body_that_is_not_declared_as_json_is_refused(string? type)
    {
        string id = await fixture.NewMemoryAsync();
        byte[] body = """{"text":"Maria lives in Lisbon."}"""u8.ToArray();

        Reply reply = await Silo.SendAsync(HttpMethod.Post, $"/v1/memories/{id}/inject", RunningSilo.Bytes(body, type!));

        reply.RequireProblem(415, "unsupported_media_type");
        await AssertUntouchedAsync(id);
    }

    [Fact]
    public async Task A_body_without_a_type_is_refused()
    {
        string id = await fixture.NewMemoryAsync();
        using var content = new ByteArrayContent("""{"text":"Maria lives in Lisbon."}"""u8.ToArray());

        (await Silo.SendAsync(HttpMethod.Post, $"/v1/memories/{id}/inject", content)).RequireProblem(415, "unsupported_media_type");
    }

    [Theory]
    [InlineData(new byte[] { 0xC3, 0x28 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xF8, 0x88, 0x80, 0x80, 0x80 })]
    [InlineData(new byte[] { 0x00 })]
    public async Task A_body_that_is_not_utf8_is_refused(byte[] bad)
    {
        string id = await fixture.NewMemoryAsync();
        byte[] body = [.. "{\"text\":\"Maria "u8, .. bad, .. "\"}"u8];

        (await Silo.SendAsync(HttpMethod.Post, $"/v1/memories/{id}/inject", RunningSilo.Bytes(body))).RequireProblem(400, "malformed_json");

        await AssertUntouchedAsync(id);
    }

    [Theory]
    [InlineData(true, 1 << 20)]
    [InlineData(false, 1 << 20)]
    [InlineData(true, 16 << 20)]
    [InlineData(false, 16 << 20)]
    public async Task A_body_over_the_limit_is_refused_with_and_without_a_declared_length(bool isChunked, int letters)
    {
        string id = await fixture.NewMemoryAsync();
        byte[] body = Encoding.UTF8.GetBytes($$"""{"text":"{{new string('a', letters)}}"}""");
        using HttpContent content = isChunked ? new StreamContent(new PieceStream(body)) : new ByteArrayContent(body);
        content.Headers.ContentType = new("application/json");

        Reply reply = await Silo.SendAsync(HttpMethod.Post, $"/v1/memories/{id}/inject", content);

        reply.RequireProblem(413, "body_too_large");
        await AssertUntouchedAsync(id);
    }

    private static void AddQueries(TheoryData<string, string, int, string> data)
    {
        foreach (string number in new[] { "\"max_tokens\":0", "\"max_tokens\":-1", "\"max_tokens\":2000000000", "\"temperature\":-0.1", "\"temperature\":2.1", "\"temperature\":1e400", "\"top_p\":0", "\"top_p\":1.01", "\"top_p\":-1e400", "\"top_k\":-1", "\"repetition_penalty\":0", "\"repetition_penalty\":2.5", "\"at\":\"\"", "\"at\":\"0\"", "\"at\":\"-1\"", "\"at\":\"1999-13-40T00:00:00Z\"", "\"at\":\"2026-01-01T00:00:00\"", "\"at\":\"99999999999999999999\"", "\"stop\":[\"\"]", "\"stop\":[null]", $"\"stop\":[{string.Join(',', Enumerable.Repeat("\"x\"", 17))}]" })
        {
            data.Add("query", $$"""{"prompt":"x",{{number}}}""", 400, "invalid_request");
        }

        foreach (string number in new[] { "\"max_tokens\":NaN", "\"max_tokens\":1.5", "\"max_tokens\":\"8\"", "\"max_tokens\":99999999999", "\"max_tokens\":null", "\"temperature\":NaN", "\"temperature\":Infinity", "\"temperature\":\"1\"", "\"top_k\":1e1", "\"stream\":\"yes\"", "\"stop\":\"x\"", "\"at\":2", "\"seed\":null" })
        {
            data.Add("query", $$"""{"prompt":"x",{{number}}}""", 400, "malformed_json");
        }

        data.Add("query", """{"prompt":"x","at":"7"}""", 404, "version_not_found");
        data.Add("query", """{"prompt":"x","at":"nosuch"}""", 404, "snapshot_not_found");
        data.Add("query", """{"prompt":"x","at":"1999-01-01T00:00:00Z"}""", 404, "version_not_found");
        data.Add("query", """{"prompt":"x","at":"a b"}""", 400, "invalid_name");
        data.Add("query", $$"""{"prompt":"{{string.Concat(Enumerable.Repeat("Maria ", 100_000))}}"}""", 422, "text_too_long");
    }

    private static void AddOthers(TheoryData<string, string, int, string> data)
    {
        data.Add("rollback", "{}", 400, "malformed_json");
        data.Add("rollback", """{"to":null}""", 400, "invalid_request");
        data.Add("rollback", """{"to":[]}""", 400, "invalid_request");
        data.Add("rollback", """{"to":true}""", 400, "invalid_request");
        data.Add("rollback", """{"to":0}""", 400, "invalid_request");
        data.Add("rollback", """{"to":-1}""", 400, "invalid_request");
        data.Add("rollback", """{"to":1.5}""", 400, "invalid_request");
        data.Add("rollback", """{"to":1e0}""", 400, "invalid_request");
        data.Add("rollback", """{"to":99}""", 404, "version_not_found");
        data.Add("rollback", """{"to":"nosuch"}""", 404, "snapshot_not_found");
        data.Add("rollback", """{"to":"\ud800"}""", 400, "malformed_json");
        data.Add("snapshots", "{}", 400, "malformed_json");
        data.Add("snapshots", """{"name":null}""", 400, "malformed_json");
        data.Add("snapshots", """{"name":""}""", 400, "invalid_name");
        data.Add("snapshots", """{"name":"1st"}""", 400, "invalid_name");
        data.Add("snapshots", """{"name":"HEAD"}""", 400, "invalid_name");
        data.Add("snapshots", """{"name":"a/b"}""", 400, "invalid_name");
        data.Add("snapshots", """{"name":"ok","at":"99"}""", 404, "version_not_found");
        data.Add("", """{"id":""}""", 400, "invalid_name");
        data.Add("", """{"id":"_x"}""", 400, "invalid_name");
        data.Add("", """{"id":"a b"}""", 400, "invalid_name");
        data.Add("", """{"id":"é"}""", 400, "invalid_name");
        data.Add("", $$"""{"id":"{{new string('x', 129)}}"}""", 400, "invalid_name");
        data.Add("", """{"metadata":[]}""", 400, "invalid_request");
        data.Add("", """{"metadata":"x"}""", 400, "invalid_request");
        data.Add("", """{"metadata":{"a":1,"a":2}}""", 400, "malformed_json");
        data.Add("", """{"metadata":{"a":"\ud800"}}""", 400, "malformed_json");
        data.Add("", """{"metadata":{"\udfff":1}}""", 400, "malformed_json");
        data.Add("", "{\"metadata\":{\"a\":\"" + new string('x', 16 * 1024) + "\"}}", 400, "invalid_request");
        data.Add("", NestedMetadata(17), 400, "invalid_request");
        data.Add("", NestedMetadata(500), 400, "malformed_json");
        data.Add("inject", """{"text":"x","metadata":7}""", 400, "invalid_request");
    }

    private static string NestedMetadata(int levels) =>
        "{\"metadata\":" + string.Concat(Enumerable.Repeat("{\"a\":", levels)) + "1" + new string('}', levels) + "}";

    private async Task AssertUntouchedAsync(string id)
    {
        Reply memory = (await Silo.GetAsync($"/v1/memories/{id}")).Require(200);
        Assert.Equal(1, memory.Body.GetProperty("version").GetInt64());
        Assert.Equal(0, (await Silo.GetAsync($"/v1/memories/{id}/snapshots")).Body.GetProperty("items").GetArrayLength());
    }

    /// <summary>A body whose length is not known before its end.</summary>
    private sealed class PieceStream(byte[] body) : MemoryStream(body)
    {
        public override bool CanSeek => false;
    }
}
