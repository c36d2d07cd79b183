using LatentDb.MemoryStore.Time;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Time;

public sealed class HybridClockTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Stamps_grow_while_the_wall_clock_stands_or_runs_back()
    {
        var clock = new HybridClock(_time);
        HybridTimestamp before = clock.Next();
        for (int i = 0; i < 100; i++)
        {
            _time.Set(_time.GetUtcNow() - TimeSpan.FromHours(i % 3));
            HybridTimestamp next = clock.Next();
            Assert.True(next > before);
            before = next;
        }
    }

    [Fact]
    public void A_stamp_follows_the_wall_clock_when_that_is_ahead()
    {
        var clock = new HybridClock(_time);
        clock.Next();
        _time.Advance(TimeSpan.FromDays(1));

        Assert.Equal(_time.GetUtcNow(), clock.Next().ToUtc());
    }

    [Fact]
    public void Closing_the_past_moves_later_stamps_behind_it_but_never_into_the_future()
    {
        var clock = new HybridClock(_time);
        var now = new HybridTimestamp(_time.GetUtcNow().UtcTicks);

        clock.Close(now);
        Assert.Equal(now.UtcTicks + 1, clock.Next().UtcTicks);

        clock.Close(new HybridTimestamp(now.UtcTicks + TimeSpan.TicksPerDay));
        Assert.Equal(now.UtcTicks + 2, clock.Next().UtcTicks);
    }
}
