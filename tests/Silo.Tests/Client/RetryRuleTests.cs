using System.Net;
using System.Text;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Silo.Tests.Client;

/// <summary>When the client tries again, and what it makes of a stream.</summary>
public sealed class RetryRuleTests
{
    private static readonly ClientOptions Options = new() { MaxAttempts = 4, FirstRetryDelay = TimeSpan.FromSeconds(1), MaxRetryDelay = TimeSpan.FromSeconds(10) };

    [Theory]
    [InlineData(1, true, 429, 3, 3.0)]
    [InlineData(1, true, 503, null, 0.5)]
    [InlineData(3, true, 503, null, 2.0)]
    [InlineData(3, true, 503, 0, 0.0)]
    [InlineData(1, true, 502, null, 0.5)]
    [InlineData(1, true, 504, null, 0.5)]
    [InlineData(4, true, 503, 1, null)]
    [InlineData(1, false, 503, 1, null)]
    [InlineData(1, true, 503, 11, null)]
    [InlineData(1, true, 500, 1, null)]
    [InlineData(1, true, 507, 1, null)]
    [InlineData(1, true, 409, null, null)]
    [InlineData(1, true, 403, 1, null)]
    public void Only_busy_servers_are_asked_again_and_only_so_often(int attempt, bool isRepeatable, int status, int? retryAfterSeconds, double? expectedSeconds)
    {
        var rule = new RetryRule(Options with { Draw = () => 0 });

        TimeSpan? delay = rule.NextDelay(attempt, isRepeatable, (HttpStatusCode)status, retryAfterSeconds is { } s ? TimeSpan.FromSeconds(s) : null);

        Assert.Equal(expectedSeconds, delay?.TotalSeconds);
    }

    [Theory]
    [InlineData(1, null, 1)]
    [InlineData(3, null, 4)]
    [InlineData(1, 3, 4)]
    [InlineData(3, 3, 7)]
    public void What_is_drawn_spreads_the_tries_but_none_comes_before_the_time_that_the_server_named(int attempt, int? retryAfterSeconds, double latestSeconds)
    {
        var rule = new RetryRule(Options with { Draw = () => 1 });

        TimeSpan? delay = rule.NextDelay(attempt, isRepeatable: true, HttpStatusCode.ServiceUnavailable, retryAfterSeconds is { } s ? TimeSpan.FromSeconds(s) : null);

        Assert.Equal(latestSeconds, delay?.TotalSeconds);
    }

    [Theory]
    [InlineData(HttpRequestError.ConnectionError, false, true)]
    [InlineData(HttpRequestError.ResponseEnded, true, true)]
    [InlineData(HttpRequestError.ResponseEnded, false, false)]
    [InlineData(HttpRequestError.HttpProtocolError, true, true)]
    [InlineData(HttpRequestError.NameResolutionError, true, false)]
    [InlineData(HttpRequestError.SecureConnectionError, true, false)]
    public void A_broken_connection_is_tried_again_where_that_does_no_harm_and_may_help(HttpRequestError error, bool isRepeatable, bool isTriedAgain)
    {
        var rule = new RetryRule(Options);

        Assert.Equal(isTriedAgain, rule.NextDelay(1, isRepeatable, new HttpRequestException(error)) is not null);
        Assert.Null(rule.NextDelay(4, isRepeatable, new HttpRequestException(error)));
    }

    [Fact]
    public async Task A_stream_that_breaks_off_is_an_error_and_no_answer()
    {
        using MemoryStream stream = Stream("event: token\ndata: {\"text\":\"a\"}\n\n");
        IAsyncEnumerator<QueryStep> steps = EventStream.ReadAsync(stream, CancellationToken.None).GetAsyncEnumerator();

        Assert.True(await steps.MoveNextAsync());
        await Assert.ThrowsAsync<EndOfStreamException>(async () => await steps.MoveNextAsync());
    }

    [Fact]
    public async Task An_error_event_is_thrown_as_the_problem_it_holds()
    {
        using MemoryStream stream = Stream("event: error\ndata: {\"type\":\"urn:x\",\"status\":503,\"code\":\"shutting_down\",\"detail\":\"Bye.\"}\n\n");
        IAsyncEnumerator<QueryStep> steps = EventStream.ReadAsync(stream, CancellationToken.None).GetAsyncEnumerator();

        ApiProblemException error = await Assert.ThrowsAsync<ApiProblemException>(async () => await steps.MoveNextAsync());

        Assert.Equal("shutting_down", error.Code);
    }

    [Fact]
    public async Task Events_and_fields_of_a_newer_server_are_passed_over()
    {
        using MemoryStream stream = Stream(": hello\n\nevent: news\ndata: 1\n\nevent: token\ndata: {\"text\":\"a\",\"new\":1}\n\n");
        IAsyncEnumerator<QueryStep> steps = EventStream.ReadAsync(stream, CancellationToken.None).GetAsyncEnumerator();

        Assert.True(await steps.MoveNextAsync());

        Assert.Equal(new QueryText("a"), steps.Current);
    }

    private static MemoryStream Stream(string events) => new(Encoding.UTF8.GetBytes(events));
}
