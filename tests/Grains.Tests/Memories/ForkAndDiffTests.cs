using LatentDb.Grains.Contracts;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Tests.Memories;

/// <summary>Forks, differences, kept texts, and what an erase leaves of them.</summary>
public sealed class ForkAndDiffTests
{
    [Fact]
    public async Task A_fork_begins_with_the_source_and_goes_its_own_way()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain bob = await host.CreateAsync("bob");
        await bob.InjectAsync("one");
        await bob.InjectAsync("two");

        IMemoryGrain eve = await ForkAsync(host, "bob", "2", "eve");
        await eve.InjectAsync("three");

        Assert.Equal("one|three", await eve.AskAsync());
        Assert.Equal("one|two", await bob.AskAsync());
        MemoryVersion first = await eve.GetVersionAsync(VersionNumber.First, CancellationToken.None);
        Assert.Equal(VersionCause.Fork, first.Cause);
        Assert.Equal(new ForkSource(Key("bob"), new VersionNumber(2)), first.ForkedFrom);
    }

    [Fact]
    public async Task Erasing_either_of_a_fork_and_its_source_leaves_the_other_as_it_was()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain bob = await host.CreateAsync("bob");
        await bob.InjectAsync("one");
        IMemoryGrain eve = await ForkAsync(host, "bob", "head", "eve");
        IMemoryGrain sue = await ForkAsync(host, "bob", "head", "sue");

        await sue.EraseAsync();
        string bobAfter = await bob.AskAsync();
        await bob.EraseAsync();

        Assert.Equal("one", bobAfter);
        Assert.Equal("one", await eve.AskAsync());
        await eve.InjectAsync("two");
        Assert.Equal("one|two", await eve.AskAsync());
    }

    [Fact]
    public async Task A_fork_of_nothing_or_onto_a_name_that_is_taken_is_refused()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain bob = await host.CreateAsync("bob");
        await bob.InjectAsync("one");
        await host.CreateAsync("eve");

        LatentDbException taken = await Assert.ThrowsAsync<LatentDbException>(() => ForkAsync(host, "bob", "head", "eve"));
        LatentDbException self = await Assert.ThrowsAsync<LatentDbException>(() => ForkAsync(host, "bob", "head", "bob"));
        LatentDbException nobody = await Assert.ThrowsAsync<LatentDbException>(() => ForkAsync(host, "nobody", "head", "new"));
        LatentDbException version = await Assert.ThrowsAsync<LatentDbException>(() => ForkAsync(host, "bob", "9", "new"));

        Assert.Equal(ErrorCode.MemoryExists, taken.Code);
        Assert.Equal(ErrorCode.MemoryExists, self.Code);
        Assert.Equal(ErrorCode.MemoryNotFound, nobody.Code);
        Assert.Equal(ErrorCode.VersionNotFound, version.Code);
        Assert.Equal("one", await bob.AskAsync());
    }

    [Fact]
    public async Task A_diff_names_the_texts_and_blocks_that_came_and_went()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain bob = await host.CreateAsync("bob");
        await bob.InjectAsync("one");
        await bob.InjectAsync("two");
        await bob.RollBackAsync("2");
        await bob.InjectAsync("three");

        MemoryDiff diff = await bob.DiffAsync(VersionSelector.Parse("3"), VersionSelector.Head, CancellationToken.None);

        Assert.Equal(["three"], diff.Added.Select(TextOf));
        Assert.Equal(["two"], diff.Removed.Select(TextOf));
        Assert.Single(diff.Rows.BlocksAdded);
        Assert.Single(diff.Rows.BlocksRemoved);
        Assert.All(diff.Rows.Layers, layer => Assert.Equal(layer.Pool.After, layer.Pool.Retained + layer.Pool.Added + layer.Pool.Revived));
    }

    [Fact]
    public async Task The_text_of_an_inject_is_kept_and_other_versions_have_none()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain bob = await host.CreateAsync("bob");
        await bob.InjectAsync("one");

        Assert.Equal(new TextInput.Plain("one"), await bob.ReadTextAsync(new VersionNumber(2), CancellationToken.None));
        Assert.Null(await bob.ReadTextAsync(VersionNumber.First, CancellationToken.None));
    }

    [Fact]
    public async Task Without_the_option_no_text_is_kept_and_a_diff_names_the_inject_alone()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync(options => options.KeepText = false);
        IMemoryGrain bob = await host.CreateAsync("bob");
        InjectResult one = await bob.InjectAsync("one");

        MemoryDiff diff = await bob.DiffAsync(VersionSelector.Parse("1"), VersionSelector.Head, CancellationToken.None);

        Assert.False(one.Version.HasText);
        Assert.Null(await bob.ReadTextAsync(new VersionNumber(2), CancellationToken.None));
        Assert.Null(Assert.Single(diff.Added).Text);
    }

    [Fact]
    public async Task Author_and_metadata_of_a_write_are_kept_with_its_version()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain bob = await host.CreateAsync("bob");
        var origin = new WriteOrigin("key-1", "author-7");

        InjectResult result = await bob.InjectAsync(
            new InjectCommand(new TextInput.Plain("one"), null, null, origin) { Metadata = """{"source":"chat"}""" }, CancellationToken.None);
        MemoryVersion back = (await bob.RollBackAsync(new RollbackCommand(VersionSelector.Parse("1"), null, new WriteOrigin(null, "author-8")), CancellationToken.None)).Value;

        Assert.Equal(("key-1", "author-7", """{"source":"chat"}"""), (result.Version.OperationId, result.Version.Author, result.Version.Metadata));
        Assert.Equal("author-8", back.Author);
    }

    [Fact]
    public async Task A_key_that_comes_with_another_text_or_target_is_refused()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain bob = await host.CreateAsync("bob");
        await bob.InjectAsync("one", operation: "inject");
        await bob.RollBackAsync("1", operation: "back");

        LatentDbException text = await Assert.ThrowsAsync<LatentDbException>(() => bob.InjectAsync("two", operation: "inject"));
        LatentDbException target = await Assert.ThrowsAsync<LatentDbException>(() => bob.RollBackAsync("2", operation: "back"));

        Assert.Equal(ErrorCode.IdempotencyMismatch, text.Code);
        Assert.Equal(ErrorCode.IdempotencyMismatch, target.Code);
        Assert.True((await bob.InjectAsync("one", operation: "inject")).IsReplay);
        Assert.Equal(3, await bob.HeadAsync());
    }

    private static async Task<IMemoryGrain> ForkAsync(GrainHostFixture host, string source, string at, string target)
    {
        IMemoryGrain memory = host.Memory(target);
        await memory.CreateForkAsync(new ForkCommand(Key(source), VersionSelector.Parse(at), null, WriteOrigin.None), CancellationToken.None);
        return memory;
    }

    private static MemoryKey Key(string id) => new(TenantId.Default, MemoryId.Parse(id));

    private static string? TextOf(InjectedText inject) => (inject.Text as TextInput.Plain)?.Text;
}
