using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Hardening;

/// <summary>
/// Requests that two readers could cut differently, and others that only a hostile client sends: refused, the connection closed where what follows
/// could be a part of them, nothing done.
/// </summary>
public sealed class RequestShapeTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string Create = "POST /v1/memories HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    private const string Body = """{"id":"x"}""";
    private const string Chunks = "a\r\n" + Body + "\r\n0\r\n\r\n";

    private RunningSilo Silo => fixture.Silo;

    public static TheoryData<string, string, int> Shapes => new()
    {
        { "two lengths", Create + "Content-Length: 10\r\nContent-Length: 10\r\n\r\n" + Body, 400 },
        { "two different lengths", Create + "Content-Length: 10\r\nContent-Length: 0\r\n\r\n" + Body, 400 },
        { "a list of lengths", Create + "Content-Length: 10, 10\r\n\r\n" + Body, 400 },
        { "a negative length", Create + "Content-Length: -1\r\n\r\n" + Body, 400 },
        { "a length beyond 64 bits", Create + "Content-Length: 99999999999999999999\r\n\r\n" + Body, 400 },
        { "a length in hex", Create + "Content-Length: 0xa\r\n\r\n" + Body, 400 },
        { "a length and chunks", Create + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunks, 400 },
        { "chunks and a length", Create + "Transfer-Encoding: chunked\r\nContent-Length: 10\r\n\r\n" + Chunks, 400 },
        { "two codings", Create + "Transfer-Encoding: gzip, chunked\r\n\r\n" + Chunks, 400 },
        { "identity as a coding", Create + "Transfer-Encoding: identity\r\n\r\n" + Chunks, 400 },
        { "two headers of codings", Create + "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunks, 400 },
        { "chunks not last", Create + "Transfer-Encoding: chunked, gzip\r\n\r\n" + Chunks, 400 },
        { "a coding with a tab", Create + "Transfer-Encoding: \u000bchunked\r\n\r\n" + Chunks, 400 },
        { "an unknown coding", Create + "Transfer-Encoding: xchunked\r\n\r\n" + Chunks, 400 },
        { "a coding before a blank", Create + "Transfer-Encoding : chunked\r\n\r\n" + Chunks, 400 },
        { "a folded header", Create + "X-A: b\r\n c: d\r\nContent-Length: 10\r\n\r\n" + Body, 400 },
        { "a chunk size that is no number", Create + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + Body + "\r\n0\r\n\r\n", 400 },
        { "a chunk size beyond 32 bits", Create + "Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n" + Body + "\r\n0\r\n\r\n", 400 },
        { "a negative chunk size", Create + "Transfer-Encoding: chunked\r\n\r\n-a\r\n" + Body + "\r\n0\r\n\r\n", 400 },
        { "a chunk extension with a lone LF", Create + "Transfer-Encoding: chunked\r\n\r\na;\nx\r\n" + Body + "\r\n0\r\n\r\n", 400 },
        { "a chunk longer than it says", Create + "Transfer-Encoding: chunked\r\n\r\n5\r\n" + Body + "\r\n0\r\n\r\n", 400 },
        { "lines that end in LF", "GET /healthz HTTP/1.1\nHost: localhost\n\n", 400 },
        { "a header that ends in LF", "GET /healthz HTTP/1.1\r\nHost: localhost\nX-A: b\r\n\r\n", 400 },
        { "a NUL in a header", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n", 400 },
        { "a header without a name", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n: b\r\n\r\n", 400 },
        { "two hosts", "GET /v1/memories HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400 },
        { "no host", "GET /v1/memories HTTP/1.1\r\n\r\n", 400 },
        { "a host with a user", "GET /v1/memories HTTP/1.1\r\nHost: localhost@evil.example\r\n\r\n", 400 },
        { "an address of another host", "GET http://evil.example/v1/memories HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
        { "an address of another host twice", "GET http://evil.example/v1/memories HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421 },
        { "a tunnel", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n", 405 },
        { "the server as a whole", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 405 },
        { "an echo of the request", "TRACE /v1/memories HTTP/1.1\r\nHost: localhost\r\nX-Secret: xyzzy\r\n\r\n", 405 },
        { "an old version", "GET /v1/memories HTTP/1.0\r\n\r\n", 421 },
        { "an unknown version", "GET /v1/memories HTTP/9.9\r\nHost: localhost\r\n\r\n", 505 },
        { "a NUL in the address", "GET /v1/memories/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
        { "a raw NUL in the address", "GET /v1/memories/\0 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
        { "a blank in the address", "GET /v1/memories/a b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
        { "an address of 9 KiB", "GET /v1/memories/" + new string('a', 9216) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414 },
        { "200 headers", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + string.Concat(Enumerable.Range(0, 200).Select(i => $"x{i}: 1\r\n")) + "\r\n", 431 },
        { "40 KiB of headers", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: " + new string('a', 40_960) + "\r\n\r\n", 431 },
        { "a method of 4 KiB", new string('A', 4096) + " /v1/memories HTTP/1.1\r\nHost: localhost\r\n\r\n", 405 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task What_only_a_hostile_client_sends_is_refused(string shape, string request, int status)
    {
        RawAnswer? answer = await RawConnection.ExchangeAsync(Silo.Http.BaseAddress!, request);

        Assert.True(answer?.Status == status, $"{shape}: {answer?.Status} instead of {status}: {answer?.Text}");
        Assert.True(answer!.Text.Length < 1000, $"{shape}: {answer.Text.Length} characters of answer");
        Assert.DoesNotContain("xyzzy", answer.Text, StringComparison.Ordinal);
        (await Silo.GetAsync("/v1/memories/x")).RequireProblem(404, "memory_not_found");
    }

    [Theory]
    [InlineData(Create + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Create + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData(Create + "Transfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData(Create + "Content-Length: 10, 10\r\n\r\n" + Body)]
    public async Task What_follows_a_request_without_a_certain_end_is_not_read_as_another(string request)
    {
        string victim = await fixture.NewMemoryAsync();
        await using RawConnection connection = await RawConnection.OpenAsync(Silo.Http.BaseAddress!);

        await connection.SendAsync(request + Erase(victim));
        Assert.Equal(400, (await connection.ReadAnswerAsync())?.Status);
        await connection.UntilClosedAsync();

        Assert.Equal(0, connection.UnreadBytes);
        Assert.Equal(1, await Silo.HeadAsync(victim));
    }

    [Theory]
    [InlineData("GET /v1/memories HTTP/1.1\r\nHost: localhost\r\n")]
    [InlineData("DELETE /v1/memories/nobody HTTP/1.1\r\nHost: localhost\r\n")]
    [InlineData("POST /nowhere HTTP/1.1\r\nHost: localhost\r\n")]
    [InlineData("POST /v1/memories HTTP/1.1\r\nHost: localhost\r\n")]
    [InlineData("POST /v1/memories HTTP/1.1\r\nHost: evil.example\r\n")]
    public async Task A_body_that_nobody_asked_for_is_not_read_as_a_request(string head)
    {
        string victim = await fixture.NewMemoryAsync();
        await using RawConnection connection = await RawConnection.OpenAsync(Silo.Http.BaseAddress!);

        await connection.SendAsync($"{head}Content-Length: {Erase(victim).Length}\r\n\r\n{Erase(victim)}GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        RawAnswer? first = await connection.ReadAnswerAsync();
        RawAnswer? second = await connection.ReadAnswerAsync();
        await connection.UntilClosedAsync();

        Assert.NotNull(first);
        Assert.Equal("ok\n", second?.Text);
        Assert.Equal(0, connection.UnreadBytes);
        Assert.Equal(1, await Silo.HeadAsync(victim));
    }

    [Fact]
    public async Task A_hundred_pipelined_requests_are_answered_in_order()
    {
        await using RawConnection connection = await RawConnection.OpenAsync(Silo.Http.BaseAddress!);

        await connection.SendAsync(string.Concat(Enumerable.Range(0, 100).Select(i => $"GET /v1/memories/no{i} HTTP/1.1\r\nHost: localhost\r\n\r\nGET /n{i} HTTP/1.1\r\nHost: localhost\r\n\r\n")));

        for (int i = 0; i < 100; i++)
        {
            Assert.Contains("\"memory_not_found\"", (await connection.ReadAnswerAsync())!.Text, StringComparison.Ordinal);
            Assert.Contains($"GET /n{i}:", (await connection.ReadAnswerAsync())!.Text, StringComparison.Ordinal);
        }
    }

    private static string Erase(string id) => $"DELETE /v1/memories/{id} HTTP/1.1\r\nHost: localhost\r\n\r\n";
}
