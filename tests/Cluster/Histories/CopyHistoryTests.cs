using LatentDb.Testing.Histories;
using static LatentDb.Testing.Histories.OperationKind;
using static LatentDb.Testing.Histories.OperationOutcome;

namespace LatentDb.Cluster.Histories;

/// <summary>Forks, archives and batches as the checker sees them: what a right cluster can do is taken, and each way to get one wrong is refused.</summary>
public sealed class CopyHistoryTests
{
    private static readonly Operation Created = new(0, Create, 0, Done, 0, 1);

    /// <summary>A memory that an archive brought with seven versions.</summary>
    private static readonly Operation Imported = new(0, Create, 7, Done, 0, 1);

    [Fact]
    public void A_fork_begins_with_a_head_that_its_source_had_while_it_was_made()
    {
        Operation written = new(0, Write, 2, Done, 2, 6);
        Accept(Created, written, Fork(1, from: 3, to: 5));
        Accept(Created, written, Fork(2, from: 3, to: 5));
    }

    [Fact]
    public void A_fork_of_an_older_head_than_was_acknowledged_before_is_refused() => Refuse(Created, new(0, Write, 2, Done, 2, 3), Fork(1, from: 4, to: 5));

    [Fact]
    public void A_fork_of_a_version_that_nobody_made_yet_is_refused() => Refuse(Created, Fork(2, from: 2, to: 3), new(0, Write, 2, Done, 4, 5));

    [Fact]
    public void A_fork_of_a_memory_that_was_erased_before_is_refused() => Refuse(Created, new(0, Erase, 0, Done, 2, 3), Fork(1, from: 4, to: 5));

    [Fact]
    public void A_fork_that_was_made_twice_under_its_name_is_refused() => Refuse(Created, new(1, Create, 1, Done, 2, 3));

    [Fact]
    public void A_fork_that_was_acknowledged_and_is_not_there_is_refused() => Refuse(Created, new(1, Read, 0, NotFound, 2, 3));

    [Fact]
    public void An_import_goes_on_after_the_last_version_of_its_archive()
    {
        Accept(Imported, new(0, Read, 7, Done, 2, 3), new(0, Write, 8, Done, 4, 5), new(0, Read, 8, Done, 6, 7));
        Refuse(Imported, new(0, Write, 2, Done, 2, 3));
        Refuse(Imported, new(0, Write, 9, Done, 2, 3));
    }

    [Fact]
    public void An_import_that_lost_the_end_of_its_archive_is_refused()
    {
        Refuse(Imported, new(0, Read, 6, Done, 2, 3));
        Refuse(Imported, new(0, Write, 8, Done, 2, 3), new(1, Read, 7, Done, 4, 5));
    }

    [Fact]
    public void An_import_of_unknown_outcome_is_there_with_all_its_versions_or_not_at_all()
    {
        Operation unknown = new(0, Create, 7, Unknown, 0, 1);
        Accept(unknown, new(1, Read, 0, NotFound, 2, 3));
        Accept(unknown, new(1, Read, 7, Done, 2, 3));
        Refuse(unknown, new(1, Read, 3, Done, 2, 3));
        Refuse(unknown, new(1, Read, 7, Done, 2, 3), new(1, Read, 0, NotFound, 4, 5));
    }

    [Fact]
    public void The_versions_of_a_batch_may_have_others_between_them() => Accept([Created, .. Batch(2, 4, 5), new(1, Write, 3, Done, 3, 4), new(1, Read, 5, Done, 10, 11)]);

    [Fact]
    public void A_batch_with_a_version_that_another_writer_was_told_is_refused() => Refuse([Created, .. Batch(2, 3, 4), new(1, Write, 3, Done, 2, 9)]);

    [Fact]
    public void A_batch_with_a_gap_that_nobody_fills_is_refused() => Refuse([Created, .. Batch(2, 3, 5)]);

    [Fact]
    public void A_batch_with_an_item_twice_is_refused() => Refuse([Created, .. Batch(2, 3, 3)]);

    [Fact]
    public void A_batch_that_was_acknowledged_whole_and_is_there_in_part_is_refused() => Refuse([Created, .. Batch(2, 3, 4), new(1, Read, 3, Done, 10, 11)]);

    /// <summary>What a fork tells of its source: it read the head at some moment meanwhile.</summary>
    private static Operation Fork(long head, long from, long to) => new(1, Read, head, Done, from, to);

    /// <summary>Three writes of one request.</summary>
    private static IEnumerable<Operation> Batch(params long[] versions) => versions.Select(version => new Operation(0, Write, version, Done, 2, 9));

    private static void Accept(params Operation[] history) => Assert.Null(HistoryChecker.Explain(history));

    private static void Refuse(params Operation[] history) => Assert.NotNull(HistoryChecker.Explain(history));
}
