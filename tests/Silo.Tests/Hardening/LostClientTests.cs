using LatentDb.Grains.Tests.Doubles;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Hardening;

/// <summary>Clients that go away in the middle: nothing is written, nothing hangs, and the log does not fill with what is nobody's mistake.</summary>
public sealed class LostClientTests
{
    private const string Create = "POST /v1/memories HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    private const string Import = "POST /v1/memories/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n";

    public static TheoryData<string, bool> Beginnings
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (string beginning in new[]
            {
                "GET /v1/mem", "GET /v1/memories HTTP/1.1\r\nHost: loc", Create + "Content-Length: 120\r\n\r\n", Create + "Content-Length: 120\r\n\r\n{\"id\":\"b",
                Create + "Transfer-Encoding: chunked\r\n\r\n5", Create + "Transfer-Encoding: chunked\r\n\r\n50\r\n{\"id\":\"b", Import + "Content-Length: 120000000\r\n\r\nno",
                Import + "Content-Length: 120000000\r\n\r\nno archive, but more than the beginning of one would need to be told so", "GET /v1/memories/bob/export HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "POST /v1/admin/store/scrub HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", Create + "Expect: 100-continue\r\nContent-Length: 120\r\n\r\n",
            })
            {
                data.Add(beginning, true);
                data.Add(beginning, false);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Beginnings))]
    public async Task A_request_that_breaks_off_changes_nothing_and_is_no_error(string beginning, bool isReset)
    {
        RunningSilo silo = await RunningSilo.StartAsync(new EchoModelHost());
        await using (silo)
        {
            await silo.CreateAsync("bob");
            for (int i = 0; i < 5; i++)
            {
                await using RawConnection connection = await RawConnection.OpenAsync(silo.Http.BaseAddress!);
                await connection.SendAsync(beginning);
                await silo.GetAsync("/healthz"); // Time in which the server may begin with it.
                if (isReset) connection.Reset();
            }

            Assert.Single((await silo.GetAsync("/v1/memories")).Require(200).Body.GetProperty("items").EnumerateArray());
        }

        silo.Logs.AssertOnly(); // After the end, when every request has ended.
    }

    [Fact]
    public async Task A_client_that_ends_its_half_early_is_not_waited_for()
    {
        await using RunningSilo silo = await RunningSilo.StartAsync(new EchoModelHost());
        await using RawConnection connection = await RawConnection.OpenAsync(silo.Http.BaseAddress!);

        await connection.SendAsync(Create + "Content-Length: 120\r\n\r\n{\"id\":\"b");
        connection.EndSending();
        RawAnswer? answer = await connection.ReadAnswerAsync();
        await connection.UntilClosedAsync();

        Assert.True(answer is null or { Status: 400 }, answer?.Text);
        Assert.Empty((await silo.GetAsync("/v1/memories")).Require(200).Body.GetProperty("items").EnumerateArray());
    }

    [Theory]
    [InlineData("""{"prompt":"?","stream":true}""")]
    [InlineData("""{"prompt":"?"}""")]
    public async Task A_query_whose_client_is_gone_ends_in_the_model_too(string body)
    {
        var model = new EchoModelHost();
        await using RunningSilo silo = await RunningSilo.StartAsync(model);
        await silo.CreateAsync("bob");
        await silo.InjectAsync("bob", "one");
        (Gate gate, Task cancelled) = Watch(handler => model.OnPiece = handler);
        await using RawConnection connection = await RawConnection.OpenAsync(silo.Http.BaseAddress!);

        await connection.SendAsync($"POST /v1/memories/bob/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        await gate.Arrived;
        connection.Reset();

        await cancelled.WaitAsync(RawConnection.Patience);
        silo.Logs.AssertOnly();
    }

    [Fact]
    public async Task An_inject_whose_client_is_gone_ends_in_the_model_and_the_next_has_its_turn()
    {
        var model = new EchoModelHost();
        await using RunningSilo silo = await RunningSilo.StartAsync(model);
        await silo.CreateAsync("bob");
        (Gate gate, Task cancelled) = Watch(handler => model.OnInject = (_, token) => handler(token));
        await using RawConnection connection = await RawConnection.OpenAsync(silo.Http.BaseAddress!);

        await connection.SendAsync("POST /v1/memories/bob/inject HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"text\":\"one\"}");
        await gate.Arrived;
        connection.Reset();
        await cancelled.WaitAsync(RawConnection.Patience);
        model.OnInject = (_, _) => Task.CompletedTask;

        Assert.Equal(2, await silo.InjectAsync("bob", "two"));
        silo.Logs.AssertOnly();
    }

    [Fact]
    public async Task The_only_slot_of_the_model_is_free_as_soon_as_its_client_is_gone()
    {
        await using RunningSilo silo = await RunningSilo.StartAsync(null, "--max-active-requests", "1", "--max-waiting-requests", "1", "--max-new-tokens", "3000");
        await silo.CreateAsync("bob");
        const string body = """{"prompt":"Maria lives in","max_tokens":3000,"stream":true,"temperature":2}""";
        for (int i = 0; i < 10; i++)
        {
            await using RawConnection connection = await RawConnection.OpenAsync(silo.Http.BaseAddress!);
            await connection.SendAsync($"POST /v1/memories/bob/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            await connection.UntilReceivedAsync("event: token"u8.ToArray());
            if (i % 2 == 0) connection.Reset();
            else connection.EndSending();

            // One may wait for the slot: whoever were still in it after its client had gone would make the next but one be refused.
            (await silo.PostAsync("/v1/memories/bob/query", """{"prompt":"Maria","max_tokens":1}""")).Require(200);
        }

        silo.Logs.AssertOnly();
    }

    /// <summary>A handler that waits at a gate, and a task that ends when the wait is cancelled.</summary>
    private static (Gate Gate, Task Cancelled) Watch(Action<Func<CancellationToken, Task>> set)
    {
        var gate = new Gate();
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        set(async token =>
        {
            try
            {
                await gate.PassAsync(token);
            }
            catch (OperationCanceledException)
            {
                cancelled.TrySetResult();
                throw;
            }
        });
        return (gate, cancelled.Task);
    }
}
