using LatentDb.ModelHost.Scheduling;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Scheduling;

/// <summary>Tokens reach their reader in order, all of them, and the end after them.</summary>
public sealed class TokenBufferTests
{
    [Fact]
    public async Task A_reader_on_another_thread_gets_every_token_in_order_and_then_the_end()
    {
        const int Tokens = 100_000;
        var buffer = new TokenBuffer(Tokens);
        var reader = Task.Run(async () =>
        {
            int next = 0;
            while (await buffer.WaitAsync())
            {
                while (buffer.TryRead(out int id)) Assert.Equal(next++, id);
            }

            return next;
        });

        for (int i = 0; i < Tokens; i++)
        {
            buffer.Write(i);
            if (i % 7 == 0) await Task.Yield();
        }

        buffer.End(null);
        Assert.Equal(Tokens, await reader.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task An_error_comes_after_the_tokens_that_were_written_whether_the_reader_waits_already_or_not()
    {
        var early = new TokenBuffer(1);
        ValueTask<bool> waits = early.WaitAsync();
        Assert.False(waits.IsCompleted);
        early.End(new InvalidOperationException("early"));
        Assert.Equal("early", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await waits)).Message);

        var late = new TokenBuffer(1);
        late.Write(7);
        late.End(new InvalidOperationException("late"));
        Assert.True(await late.WaitAsync());
        Assert.True(late.TryRead(out int id));
        Assert.Equal(7, id);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await late.WaitAsync());
    }

    [Fact]
    public void A_token_that_nobody_awaits_allocates_nothing()
    {
        var buffer = new TokenBuffer(1000);
        buffer.Write(1);

        long bytes = Allocations.LeastOf(() =>
        {
            for (int i = 0; i < 40; i++)
            {
                buffer.Write(i);
                buffer.TryRead(out _);
            }
        });

        Assert.Equal(0, bytes);
    }
}
