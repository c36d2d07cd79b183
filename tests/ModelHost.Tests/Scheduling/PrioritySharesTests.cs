using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Scheduling;

namespace LatentDb.ModelHost.Tests.Scheduling;

/// <summary>Shares hold whatever the units cost, and nobody starves.</summary>
public sealed class PrioritySharesTests
{
    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    public void Units_of_random_cost_are_divided_sixteen_to_four_to_one(ulong seed)
    {
        var random = new SeededRandom(seed);
        var shares = new PriorityShares();
        long[] served = new long[PriorityShares.Classes];
        for (int i = 0; i < 50_000; i++)
        {
            RequestPriority next = shares.Next([true, true, true])!.Value;
            long cost = 1 + random.NextInt32(100);
            served[(int)next] += cost;
            shares.Charge(next, cost);
        }

        Assert.Equal(4.0, (double)served[0] / served[1], 0.05);
        Assert.Equal(4.0, (double)served[1] / served[2], 0.05);
    }

    [Theory]
    [InlineData(11UL)]
    [InlineData(12UL)]
    public void Who_wants_something_waits_at_most_his_share_of_turns_whoever_comes_and_goes(ulong seed)
    {
        var random = new SeededRandom(seed);
        var shares = new PriorityShares();
        int waited = 0;
        for (int i = 0; i < 20_000; i++)
        {
            RequestPriority next = shares.Next([random.NextInt32(2) == 0, random.NextInt32(2) == 0, true])!.Value;
            shares.Charge(next, 1);
            waited = next == RequestPriority.Background ? 0 : waited + 1;
            Assert.InRange(waited, 0, 20);
        }
    }

    [Fact]
    public void Nobody_is_next_when_nobody_wants_anything() => Assert.Null(new PriorityShares().Next([false, false, false]));
}
