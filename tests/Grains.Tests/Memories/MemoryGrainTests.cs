using LatentDb.Grains.Contracts;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Tests.Memories;

/// <summary>What the verbs of one memory do, over the real store.</summary>
public sealed class MemoryGrainTests
{
    [Fact]
    public async Task A_query_answers_from_what_was_injected()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");

        InjectResult first = await memory.InjectAsync("one");
        await memory.InjectAsync("two");

        Assert.Equal(2, first.Version.Number.Value);
        Assert.Equal("one|two", await memory.AskAsync());
    }

    [Fact]
    public async Task A_query_may_read_any_version_snapshot_or_time()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        InjectResult first = await memory.InjectAsync("one");
        await memory.SnapshotAsync("early");

        await memory.InjectAsync("two");

        Assert.Equal("one", await memory.AskAsync("2"));
        Assert.Equal("one", await memory.AskAsync("early"));
        Assert.Equal("one", await memory.AskAsync(first.Version.CommittedAt.ToString()));
        Assert.Equal(string.Empty, await memory.AskAsync("1"));
    }

    [Fact]
    public async Task The_first_event_of_a_query_names_the_version_that_it_reads()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        await memory.InjectAsync("one");
        List<QueryEvent> events = [];

        await foreach (QueryEvent step in memory.QueryEvents()) events.Add(step);

        Assert.Equal(new QueryStarted(new VersionNumber(2)), events[0]);
        Assert.IsType<GenerationCompleted>(Assert.IsType<QueryGenerated>(events[^1]).Event);
    }

    [Fact]
    public async Task A_rollback_makes_a_new_head_and_keeps_history()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        await memory.InjectAsync("one");
        await memory.InjectAsync("two");

        MemoryVersion back = await memory.RollBackAsync("2");

        Assert.Equal(4, back.Number.Value);
        Assert.Equal(2, back.RestoredFrom!.Value.Value);
        Assert.Equal("one", await memory.AskAsync());
        Assert.Equal("one|two", await memory.AskAsync("3"));
    }

    [Fact]
    public async Task A_write_on_an_unexpected_head_is_refused_and_changes_nothing()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        await memory.InjectAsync("one");

        LatentDbException inject = await Assert.ThrowsAsync<LatentDbException>(() => memory.InjectAsync("two", expectedHead: 1));
        LatentDbException rollback = await Assert.ThrowsAsync<LatentDbException>(() => memory.RollBackAsync("1", expectedHead: 7));

        Assert.Equal(ErrorCode.VersionConflict, inject.Code);
        Assert.Equal(ErrorCode.VersionConflict, rollback.Code);
        Assert.Equal(2, await memory.HeadAsync());
    }

    [Fact]
    public async Task A_second_write_under_the_same_key_gets_the_first_ones_version()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        InjectResult first = await memory.InjectAsync("one", operation: "key-1");
        await memory.InjectAsync("two");

        InjectResult again = await memory.InjectAsync("one", operation: "key-1");

        Assert.True(again.IsReplay);
        Assert.Equal(first.Version, again.Version);
        Assert.Equal(3, await memory.HeadAsync());
    }

    [Fact]
    public async Task A_replay_wins_over_a_head_that_has_moved_on()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        InjectResult first = await memory.InjectAsync("one", expectedHead: 1, operation: "key-1");

        InjectResult again = await memory.InjectAsync("one", expectedHead: 1, operation: "key-1");

        Assert.Equal(first.Version, again.Version);
    }

    [Fact]
    public async Task A_key_of_an_inject_is_refused_for_a_rollback()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        await memory.InjectAsync("one", operation: "key-1");

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => memory.RollBackAsync("1", operation: "key-1"));

        Assert.Equal(ErrorCode.IdempotencyMismatch, error.Code);
        Assert.Equal(2, await memory.HeadAsync());
    }

    [Fact]
    public async Task A_model_that_fails_leaves_the_head_as_it_was()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        await memory.InjectAsync("one");

        host.Model.OnStaged = _ => throw new LatentDbException(ErrorCode.Overloaded, "No room.");
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => memory.InjectAsync("two"));
        host.Model.OnStaged = _ => Task.CompletedTask;
        InjectResult next = await memory.InjectAsync("three");

        Assert.Equal(ErrorCode.Overloaded, error.Code);
        Assert.Equal(3, next.Version.Number.Value);
        Assert.Equal("one|three", await memory.AskAsync());
    }

    [Fact]
    public async Task Another_models_memory_is_refused_with_both_fingerprints()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        host.Model.Fingerprint = ModelFingerprint.Parse(new string('f', 64));

        LatentDbException inject = await Assert.ThrowsAsync<LatentDbException>(() => memory.InjectAsync("two"));
        LatentDbException query = await Assert.ThrowsAsync<LatentDbException>(() => memory.AskAsync());

        Assert.Equal(ErrorCode.ModelMismatch, inject.Code);
        Assert.Equal(ErrorCode.ModelMismatch, query.Code);
        Assert.Contains("eeeeeeeeeeee", inject.Message, StringComparison.Ordinal);
        Assert.Contains("ffffffffffff", inject.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_inject_draws_a_seed_of_its_own_and_stores_it()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");

        InjectResult one = await memory.InjectAsync("one");
        InjectResult two = await memory.InjectAsync("two");
        InjectResult given = await memory.InjectAsync(new InjectCommand(new TextInput.Plain("three"), 7, null, WriteOrigin.None), CancellationToken.None);

        Assert.NotEqual(one.Version.Seed, two.Version.Seed);
        Assert.Equal(7UL, given.Version.Seed);
        Assert.Equal([one.Version.Seed, two.Version.Seed, 7UL], host.Model.Seeds);
    }

    [Fact]
    public async Task An_erased_memory_is_gone_and_its_name_is_free_for_an_empty_one()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        await memory.InjectAsync("one");

        await memory.EraseAsync();
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => memory.AskAsync());
        await host.CreateAsync("bob");

        Assert.Equal(ErrorCode.MemoryNotFound, error.Code);
        Assert.Equal(1, await memory.HeadAsync());
        Assert.Equal(string.Empty, await memory.AskAsync());
    }

    [Fact]
    public async Task The_model_is_told_to_forget_a_memory_after_its_erase_and_only_then()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        MemoryUid uid = (await memory.DescribeAsync(CancellationToken.None)).Uid;
        await memory.InjectAsync("one");
        Assert.Empty(host.Model.Forgotten);

        await memory.EraseAsync();
        await Assert.ThrowsAsync<LatentDbException>(() => memory.EraseAsync());

        Assert.Equal([uid], host.Model.Forgotten);
    }

    [Fact]
    public async Task A_memory_is_created_once()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        await host.CreateAsync("bob");

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => host.CreateAsync("bob"));

        Assert.Equal(ErrorCode.MemoryExists, error.Code);
    }
}
