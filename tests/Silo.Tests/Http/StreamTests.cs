using System.Net.ServerSentEvents;
using System.Text.Json;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Http;

/// <summary>Streamed answers as server-sent events.</summary>
public sealed class StreamTests
{
    private const string Streamed = """{"prompt":"?","stream":true}""";

    [Fact]
    public async Task A_stream_is_tokens_and_then_done_with_the_whole_answer()
    {
        await using RunningSilo silo = await StartAsync(new EchoModelHost());

        (SseItem<string>[] events, Reply reply) = await StreamAsync(silo);
        JsonElement done = JsonSerializer.Deserialize<JsonElement>(events[^1].Data);

        Assert.Equal("text/event-stream", reply.ContentType);
        Assert.Equal(["token", "token", "done"], events.Select(e => e.EventType));
        Assert.Equal("one|two", string.Concat(events[..^1].Select(e => JsonSerializer.Deserialize<JsonElement>(e.Data).GetProperty("text").GetString())));
        Assert.Equal("one|two", done.GetProperty("text").GetString());
        Assert.Equal(3, done.GetProperty("version").GetInt64());
        Assert.True(done.TryGetProperty("usage", out _));
        Assert.True(done.TryGetProperty("retrieved", out _));
        Assert.True(done.TryGetProperty("timings_ms", out _));
        silo.Logs.AssertOnly();
    }

    [Fact]
    public async Task A_piece_is_sent_before_the_next_one_exists()
    {
        var model = new EchoModelHost();
        await using RunningSilo silo = await StartAsync(model);
        var gate = new Gate();
        int pieces = 0;
        model.OnPiece = token => pieces++ == 0 ? Task.CompletedTask : gate.PassAsync(token);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/memories/bob/query") { Content = RunningSilo.Json(Streamed) };

        using HttpResponseMessage response = await silo.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        IAsyncEnumerator<SseItem<string>> events = SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());

        Assert.Equal("""{"text":"one"}""", events.Current.Data);
        gate.Open();
        await events.DisposeAsync();
    }

    [Fact]
    public async Task What_is_refused_before_the_first_token_has_its_own_status()
    {
        await using RunningSilo silo = await StartAsync(new EchoModelHost());

        (await silo.PostAsync("/v1/memories/bob/query", """{"prompt":"?","stream":true,"at":"99"}""")).RequireProblem(404, "version_not_found");
        (await silo.PostAsync("/v1/memories/nobody/query", Streamed)).RequireProblem(404, "memory_not_found");
    }

    [Fact]
    public async Task An_error_in_the_middle_is_told_in_an_event()
    {
        var model = new EchoModelHost();
        await using RunningSilo silo = await StartAsync(model);
        FailAtSecondPiece(model, new LatentDbException(ErrorCode.Overloaded, "No room."));

        (SseItem<string>[] events, _) = await StreamAsync(silo);
        JsonElement problem = JsonSerializer.Deserialize<JsonElement>(events[^1].Data);

        Assert.Equal(["token", "error"], events.Select(e => e.EventType));
        Assert.Equal("overloaded", problem.GetProperty("code").GetString());
        silo.Logs.AssertOnly(4101);
    }

    [Fact]
    public async Task A_defect_in_the_middle_is_told_without_details_and_logged_once()
    {
        var model = new EchoModelHost();
        await using RunningSilo silo = await StartAsync(model);
        FailAtSecondPiece(model, new InvalidOperationException("secret detail"));

        (SseItem<string>[] events, Reply reply) = await StreamAsync(silo);

        Assert.Equal("internal", JsonSerializer.Deserialize<JsonElement>(events[^1].Data).GetProperty("code").GetString());
        Assert.DoesNotContain("secret", reply.Text, StringComparison.Ordinal);
        Assert.Equal(OwnerSilos.AreWanted ? 2 : 1, silo.Logs.Warnings.Count); // Where it happened, and where it was answered.
        silo.Logs.AssertOnly(OwnerSilos.AreWanted ? 4101 : 4102, 2102);
    }

    [Fact]
    public async Task A_client_that_goes_away_frees_the_memory_and_is_no_error()
    {
        var model = new EchoModelHost();
        await using RunningSilo silo = await StartAsync(model);
        var gone = new TaskCompletionSource();
        var gate = new Gate();
        model.OnPiece = async token =>
        {
            try
            {
                await gate.PassAsync(token);
            }
            catch (OperationCanceledException)
            {
                gone.TrySetResult();
                throw;
            }
        };
        using var impatience = new CancellationTokenSource();
        Task<HttpResponseMessage> asking = silo.Http.PostAsync("/v1/memories/bob/query", RunningSilo.Json(Streamed), impatience.Token);
        await gate.Arrived;

        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await gone.Task;

        Assert.Equal(3, await silo.HeadAsync("bob"));
        silo.Logs.AssertOnly();
    }

    private static async Task<RunningSilo> StartAsync(EchoModelHost model)
    {
        RunningSilo silo = await RunningSilo.StartAsync(model);
        await silo.CreateAsync("bob");
        await silo.InjectAsync("bob", "one");
        await silo.InjectAsync("bob", "two");
        return silo;
    }

    private static void FailAtSecondPiece(EchoModelHost model, Exception error)
    {
        int pieces = 0;
        model.OnPiece = _ => pieces++ == 0 ? Task.CompletedTask : throw error;
    }

    private static async Task<(SseItem<string>[] Events, Reply Reply)> StreamAsync(RunningSilo silo)
    {
        Reply reply = (await silo.PostAsync("/v1/memories/bob/query", Streamed)).Require(200);
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(reply.Text));
        List<SseItem<string>> events = [];
        await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync()) events.Add(item);
        return ([.. events], reply);
    }
}
