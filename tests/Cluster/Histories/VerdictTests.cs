using LatentDb.Cluster.Load;
using LatentDb.Testing.Histories;

namespace LatentDb.Cluster.Histories;

/// <summary>The comparison of what clients were told with what a memory shows at the end: each way in which a cluster could have failed them is refused.</summary>
public sealed class VerdictTests
{
    private const long Now = 1000;

    private readonly LoadHistory _memory = new("bob");
    private long _time;

    public VerdictTests()
    {
        Done(OperationKind.Create, null, 1);
        Write("a", 1, 2);
        Write("b", 3, 3, 4, 5);
    }

    [Fact]
    public void An_end_with_every_write_once_and_in_its_place_is_taken() => Accept("", "a", "b", "b", "b");

    [Fact]
    public void A_write_of_unknown_outcome_may_be_there_or_not()
    {
        Unknown("c", 1);
        Accept("", "a", "b", "b", "b", "c");
        Accept("", "a", "b", "b", "b");
    }

    [Fact]
    public void A_write_of_unknown_outcome_that_was_made_twice_is_refused()
    {
        Unknown("c", 1);
        Refuse("c was made at", "", "a", "b", "b", "b", "c", "c");
    }

    [Fact]
    public void A_batch_of_unknown_outcome_may_be_there_in_part_but_not_with_an_item_more()
    {
        Unknown("c", 3);
        Accept("", "a", "b", "b", "b", "c", "c");
        Refuse("c was made at", "", "a", "b", "b", "b", "c", "c", "c", "c");
    }

    [Fact]
    public void An_acknowledged_write_that_is_not_there_is_refused() => Refuse("Acknowledged as 3 4 5", "", "a", "b", "b");

    [Fact]
    public void An_acknowledged_write_at_another_version_is_refused() => Refuse("Acknowledged as 2", "", "b", "a", "b", "b");

    [Fact]
    public void An_acknowledged_write_that_was_made_again_is_refused() => Refuse("Acknowledged as 2", "", "a", "b", "b", "b", "a");

    [Fact]
    public void A_version_that_nobody_asked_for_is_refused() => Refuse("4 were asked for", "", "a", "b", "b", "b", "x");

    [Fact]
    public void A_version_that_is_missing_from_the_middle_is_refused() =>
        Assert.Contains("Its versions are 3 1", Verdict.Of(_memory, $"{Line(3, "b")}\n{Line(1, "")}", 9, Now), StringComparison.Ordinal);

    [Fact]
    public void An_archive_that_is_not_a_beginning_of_the_history_is_refused()
    {
        _memory.AddArchived(Lines("", "a"));
        Accept("", "a", "b", "b", "b");

        _memory.AddArchived(Lines("", "x"));
        Refuse("An archive", "", "a", "b", "b", "b");
    }

    [Fact]
    public void A_fork_that_began_with_an_older_head_than_was_acknowledged_is_refused()
    {
        Done(OperationKind.Read, null, 2);
        Refuse("No order", "", "a", "b", "b", "b");
    }

    [Fact]
    public void A_refusal_that_says_another_head_than_there_was_is_refused()
    {
        _memory.Add(0, OperationKind.WriteIfHead, 5, OperationOutcome.Conflict, ++_time, ++_time);
        Refuse("No order", "", "a", "b", "b", "b");
    }

    private void Write(string key, int items, params long[] versions)
    {
        _memory.Ask(key, items);
        Done(OperationKind.Write, key, versions);
    }

    private void Done(OperationKind kind, string? key, params long[] versions)
    {
        (long from, long to) = (++_time, ++_time);
        foreach (long version in versions) _memory.Add(0, kind, version, OperationOutcome.Done, from, to, key);
    }

    private void Unknown(string key, int items)
    {
        _memory.Ask(key, items);
        _memory.Add(0, OperationKind.Write, 0, OperationOutcome.Unknown, ++_time, ++_time, key);
    }

    private void Accept(params string[] keys) => Assert.Null(Verdict.Of(_memory, Lines(keys), 9, Now));

    private void Refuse(string why, params string[] keys) => Assert.Contains(why, Verdict.Of(_memory, Lines(keys), 9, Now), StringComparison.Ordinal);

    /// <summary>The versions whose writes had these keys, the oldest first here and last in the lines.</summary>
    private static string Lines(params string[] keys) => string.Join('\n', keys.Select((key, i) => Line(i + 1, key)).Reverse());

    private static string Line(int version, string key) => $"{version} {(version == 1 ? "create" : "inject")} {key} 2026-01-01T00:00:{version:D2}.0000000+00:00 16 {version}";
}
