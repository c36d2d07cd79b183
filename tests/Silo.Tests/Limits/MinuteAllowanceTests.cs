using LatentDb.Silo.Limits;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Limits;

/// <summary>An allowance that fills up with time and may fall into debt.</summary>
public sealed class MinuteAllowanceTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void A_minutes_worth_may_be_taken_at_once_and_then_as_it_fills_up()
    {
        var allowance = new MinuteAllowance(_time);

        for (int i = 0; i < 60; i++) Assert.Equal(TimeSpan.Zero, allowance.Take(60));
        Assert.Equal(TimeSpan.FromSeconds(1), allowance.Take(60));
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(TimeSpan.Zero, allowance.Take(60));
        Assert.Equal(TimeSpan.Zero, allowance.Take(60));
        Assert.NotEqual(TimeSpan.Zero, allowance.Take(60));
    }

    [Fact]
    public void What_was_used_beyond_the_allowance_is_earned_back_before_anything_is_let_in()
    {
        var allowance = new MinuteAllowance(_time);
        Assert.Equal(TimeSpan.Zero, allowance.Ask(600));
        allowance.Charge(600, 1200);

        Assert.Equal(new AllowanceLevel(600, 0, 120), allowance.Look(600));
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.NotEqual(TimeSpan.Zero, allowance.Ask(600));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.Zero, allowance.Ask(600));
    }

    [Fact]
    public void A_smaller_limit_holds_at_once_and_no_limit_never_refuses()
    {
        var allowance = new MinuteAllowance(_time);
        Assert.Equal(TimeSpan.Zero, allowance.Take(1000));

        Assert.Equal(2, allowance.Look(2).Left);
        for (int i = 0; i < 5000; i++) Assert.Equal(TimeSpan.Zero, allowance.Take(0));
    }
}
