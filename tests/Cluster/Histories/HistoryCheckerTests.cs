using LatentDb.Testing.Histories;
using static LatentDb.Testing.Histories.OperationKind;
using static LatentDb.Testing.Histories.OperationOutcome;

namespace LatentDb.Cluster.Histories;

/// <summary>The checker itself: it takes what a memory with one writer can do, and refuses what only a wrong cluster does.</summary>
public sealed class HistoryCheckerTests
{
    private static readonly Operation Created = new(0, Create, 0, Done, 0, 1);

    [Fact]
    public void Writes_one_after_the_other_and_reads_between_them_are_taken() => Accept(
        Created, new(0, Write, 2, Done, 2, 3), new(1, Read, 2, Done, 4, 5), new(1, Write, 3, Done, 6, 7), new(0, Read, 3, Done, 8, 9));

    [Fact]
    public void A_read_beside_a_write_may_see_either_head()
    {
        Accept(Created, new(0, Write, 2, Done, 2, 9), new(1, Read, 1, Done, 3, 4), new(1, Read, 2, Done, 5, 6));
        Accept(Created, new(0, Write, 2, Done, 2, 9), new(1, Read, 1, Done, 7, 8));
    }

    [Fact]
    public void A_head_that_goes_back_is_refused() =>
        Refuse(Created, new(0, Write, 2, Done, 2, 9), new(1, Read, 2, Done, 3, 4), new(1, Read, 1, Done, 5, 6));

    [Fact]
    public void A_read_that_misses_an_acknowledged_write_is_refused() => Refuse(Created, new(0, Write, 2, Done, 2, 3), new(1, Read, 1, Done, 4, 5));

    [Fact]
    public void An_acknowledged_write_that_is_lost_is_refused() =>
        Refuse(Created, new(0, Write, 2, Done, 2, 3), new(1, Write, 2, Done, 4, 5));

    [Fact]
    public void Two_owners_that_give_the_same_version_are_refused_also_at_the_same_time() =>
        Refuse(Created, new(0, Write, 2, Done, 2, 9), new(1, Write, 2, Done, 2, 9));

    [Fact]
    public void A_write_that_was_made_twice_is_refused() => Refuse(Created, new(0, Write, 2, Done, 2, 3), new(0, Write, 4, Done, 4, 5));

    [Fact]
    public void A_write_of_unknown_outcome_may_have_happened_or_not_and_as_late_as_it_likes()
    {
        Operation unknown = new(0, Write, 0, Unknown, 2, 3);
        Accept(Created, unknown, new(1, Read, 1, Done, 4, 5));
        Accept(Created, unknown, new(1, Read, 2, Done, 4, 5));
        Accept(Created, unknown, new(1, Read, 1, Done, 4, 5), new(1, Write, 2, Done, 6, 7), new(1, Read, 3, Done, 8, 9));
        Refuse(Created, unknown, new(1, Read, 3, Done, 4, 5));
        Refuse(Created, new(1, Read, 2, Done, 1, 2), new(0, Write, 0, Unknown, 3, 4));
    }

    [Fact]
    public void A_conditional_write_is_refused_only_over_another_head()
    {
        Accept(Created, new(0, WriteIfHead, 1, Conflict, 3, 6), new(1, Write, 2, Done, 2, 7));
        Refuse(Created, new(0, WriteIfHead, 1, Conflict, 2, 3));
    }

    [Fact]
    public void A_memory_that_was_erased_is_not_there_until_it_is_made_again()
    {
        Operation erased = new(0, Erase, 0, Done, 2, 3);
        Accept(Created, erased, new(1, Read, 0, NotFound, 4, 5), new(1, Create, 0, Done, 6, 7), new(0, Read, 1, Done, 8, 9), new(1, Create, 0, Exists, 10, 11));
        Refuse(Created, erased, new(1, Read, 1, Done, 4, 5));
        Refuse(Created, new(1, Read, 0, NotFound, 2, 3));
    }

    /// <summary>Histories made by a memory behind a lock, each operation effective at a moment between its request and its answer, some answers lost.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_histories_of_a_right_memory_are_taken_and_with_one_answer_changed_refused(int seed)
    {
        var random = new Random(seed);
        List<Operation> history = RandomHistory(random, 300);
        Accept([.. history]);

        int read = history.FindIndex(50, o => o is { Kind: Read, Outcome: Done });
        history[read] = history[read] with { Version = history[read].Version + 1000 };
        Refuse([.. history]);
    }

    private static List<Operation> RandomHistory(Random random, int count)
    {
        // Each client's operation has its moment; the memory does them in order of moment.
        var asked = new List<(long From, long At, long To, int Client)>();
        long[] free = new long[6];
        for (int i = 0; i < count; i++)
        {
            int client = random.Next(free.Length);
            long from = free[client] + random.Next(1, 5);
            long at = from + random.Next(1, 20);
            free[client] = at + random.Next(1, 20);
            asked.Add((from, at, free[client], client));
        }

        var history = new List<Operation> { new(99, Create, 0, Done, -2, -1) };
        long head = 1;
        foreach ((long from, long at, long to, int client) in asked.OrderBy(a => a.At))
        {
            bool isRead = random.Next(2) == 0;
            bool isLost = !isRead && random.Next(12) == 0;
            bool happens = !isLost || random.Next(2) == 0;
            if (!isRead && happens) head++;
            history.Add(new Operation(client, isRead ? Read : Write, isLost ? 0 : head, isLost ? Unknown : Done, from, to));
        }

        return history;
    }

    private static void Accept(params Operation[] history) => Assert.Null(HistoryChecker.Explain(history));

    private static void Refuse(params Operation[] history) => Assert.NotNull(HistoryChecker.Explain(history));
}
