using System.Text.Json;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Hardening;

/// <summary>What answers say about themselves: private, typed, uncompressed, and for no page but the server's own.</summary>
public sealed class AnswerHeaderTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private RunningSilo Silo => fixture.Silo;

    [Fact]
    public async Task Every_answer_of_the_api_is_private_typed_and_closed_to_other_origins()
    {
        string id = await fixture.NewMemoryAsync();

        foreach (string request in await RequestsAsync(id))
        {
            RawAnswer answer = (await AskAsync(request, "Origin: http://localhost", "Accept-Encoding: gzip, br, zstd"))!;

            Assert.True(answer.Header("Cache-Control")?.Contains("no-store", StringComparison.Ordinal), $"{request}: Cache-Control is {answer.Header("Cache-Control")}");
            Assert.True(answer.Header("X-Content-Type-Options") == "nosniff", $"{request} may be sniffed");
            Assert.True(answer.Header("Cross-Origin-Resource-Policy") == "same-origin", $"{request} may be loaded by other origins");
            Assert.True(answer.Header("Content-Security-Policy")?.Contains("default-src 'none'", StringComparison.Ordinal), $"{request} may run scripts");
            Assert.True(answer.Header("X-Request-Id") is not null, $"{request} has no id");
            Assert.DoesNotContain(answer.Head, l => l.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotContain(answer.Head, l => l.StartsWith("Server:", StringComparison.OrdinalIgnoreCase) || l.StartsWith("X-Powered-By:", StringComparison.OrdinalIgnoreCase));
            Assert.True(answer.Header("Content-Encoding") is null, $"{request}: an answer that holds what one user chose beside what another wrote must not be compressed (BREACH)");
        }
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/xml;q=1, */*;q=0")]
    [InlineData("application/json;q=0")]
    [InlineData("\u0001")]
    [InlineData("a/b/c;;;,,,")]
    public async Task The_type_of_an_answer_is_not_negotiable(string accept)
    {
        RawAnswer? answer = await AskAsync("GET /v1/memories", "Accept: " + accept);

        if (answer?.Status == 200) Assert.Equal("application/json; charset=utf-8", answer.Header("Content-Type"));
        else Assert.Equal(400, answer?.Status);
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    [InlineData("PATCH")]
    [InlineData("PROPFIND")]
    public async Task A_method_that_an_address_does_not_take_is_refused_with_those_it_takes(string method)
    {
        await using RawConnection connection = await RawConnection.OpenAsync(Silo.Http.BaseAddress!);
        await connection.SendAsync($"{method} /v1/memories HTTP/1.1\r\nHost: localhost\r\n\r\n");

        RawAnswer? answer = await connection.ReadAnswerAsync(isHead: method == "HEAD");

        Assert.Equal(405, answer?.Status);
        Assert.Equal("GET, POST", answer!.Header("Allow"));
    }

    [Theory]
    [InlineData("/v1/memories/", 200)]
    [InlineData("/v1/memories?" + "limit=1&limit=1", 400)]
    [InlineData("//v1/memories", 404)]
    [InlineData("/v1//memories", 404)]
    [InlineData("/V1/MEMORIES", 200)]
    [InlineData("/v1/./memories", 200)]
    [InlineData("/v1/x/../memories", 200)]
    [InlineData("/v1/x/%2e%2e/memories", 200)]
    [InlineData("/v1/memories/..", 404)]
    [InlineData("/../../../etc/passwd", 404)]
    [InlineData("/v1/memories;a=b", 404)]
    [InlineData("/v1/memories?limit=%00", 400)]
    [InlineData("/v1/memories?limit=1%0d%0aX-Evil:%201", 400)]
    public async Task Spellings_of_an_address_lead_where_they_should_and_nowhere_else(string address, int status)
    {
        RawAnswer? answer = await AskAsync("GET " + address);

        Assert.Equal(status, answer?.Status);
        Assert.Null(answer!.Header("X-Evil"));
    }

    [Fact]
    public async Task Thousands_of_parameters_are_read_and_ignored()
    {
        RawAnswer? answer = await AskAsync("GET /v1/memories?" + string.Join('&', Enumerable.Range(0, 1500).Select(i => $"{i:x}=")));

        Assert.Equal(200, answer?.Status);
    }

    [Fact]
    public async Task The_document_is_the_same_for_every_host_and_made_once()
    {
        Reply first = (await Silo.SendAsync(HttpMethod.Get, "/openapi/v1.json", null, ("Host", "localhost:81"))).Require(200);
        Reply second = (await Silo.SendAsync(HttpMethod.Get, "/openapi/v1.json", null, ("Host", "127.0.0.1:82"))).Require(200);
        Reply known = await Silo.SendAsync(HttpMethod.Get, "/openapi/v1.json", null, ("If-None-Match", first.Headers.ETag!.ToString()));

        Assert.Equal(first.Text, second.Text);
        Assert.DoesNotContain(":81", first.Text, StringComparison.Ordinal);
        known.Require(304);
    }

    [Fact]
    public async Task What_a_caller_sends_is_in_no_header_of_the_answer()
    {
        const string evil = "x%0d%0aX-Evil:%201%0d%0a%0d%0a<script>";
        string id = await fixture.NewMemoryAsync();
        string[] requests =
        [
            $"GET /v1/memories/{evil}", $"GET /{evil}", $"GET /v1/memories/{id}/export?at={evil}", $"GET /v1/memories/{id}/diff?from={evil}",
            $"DELETE /v1/memories/{id}/snapshots/{evil}", $"GET /v1/memories?cursor={evil}", $"POST /v1/memories/import?id={evil}", $"POST /v1/admin/store/scrub?memory={evil}",
        ];

        foreach (string request in requests)
        {
            RawAnswer answer = (await AskAsync(request, "Content-Type: application/octet-stream", "Content-Length: 0"))!;

            Assert.InRange(answer.Status, 400, 499);
            Assert.DoesNotContain(answer.Head, l => l.Contains("Evil", StringComparison.OrdinalIgnoreCase));
            Assert.StartsWith("application/problem+json", answer.Header("Content-Type"), StringComparison.Ordinal);
        }
    }

    private Task<RawAnswer?> AskAsync(string request, params string[] headers) =>
        RawConnection.ExchangeAsync(Silo.Http.BaseAddress!, $"{request} HTTP/1.1\r\nHost: localhost\r\n{string.Concat(headers.Select(h => h + "\r\n"))}\r\n");

    /// <summary>One request for each address and method of the API, and some that it lacks.</summary>
    private async Task<List<string>> RequestsAsync(string id)
    {
        List<string> requests = ["GET /nowhere", "PUT /v1/memories", "GET /v1/memories?limit=x", $"GET /v1/memories/{id}"];
        JsonElement paths = (await Silo.GetAsync("/openapi/v1.json")).Require(200).Body.GetProperty("paths");
        foreach (JsonProperty path in paths.EnumerateObject().Where(p => p.Name.StartsWith("/v1/", StringComparison.Ordinal)))
        {
            string address = path.Name.Replace("{id}", id, StringComparison.Ordinal).Replace("{", string.Empty, StringComparison.Ordinal).Replace("}", string.Empty, StringComparison.Ordinal);
            requests.AddRange(path.Value.EnumerateObject().Where(o => o.Name is "get" or "post" or "put" or "patch").Select(o => $"{o.Name.ToUpperInvariant()} {address}"));
        }

        return requests;
    }
}
