using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Versions;

/// <summary>Positions in a bank to rows of blocks.</summary>
public sealed class BankPositionsTests
{
    private static readonly LayerRows Rows = new([], [new BankRun(0, 5, 3, 0, 1), new BankRun(2, 0, 1, 4, 1), new BankRun(1, 7, 2, 6, float.NaN)], 0);

    [Fact]
    public void Every_position_names_the_row_that_walking_the_runs_finds()
    {
        (int Block, int Row)[] walked = [.. Rows.Bank.SelectMany(r => Enumerable.Range(r.First, r.Count).Select(row => (r.Block, row)))];
        var bank = new BankPositions(Rows);

        Assert.Equal(walked, Enumerable.Range(0, walked.Length).Select(p => (bank.At(p).Block, bank.At(p).First)));
        Assert.Equal(6, bank.At(5).EnteredAt);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(6)]
    public void A_position_outside_the_bank_is_refused(int position) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new BankPositions(Rows).At(position));
}
