using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Links;

/// <summary>What tests of the cluster rely on, and the rules of a framed service over it.</summary>
public sealed class InMemoryLinksTests
{
    private const byte Kind = LinkFrameKind.FirstOfService;

    [Fact]
    public async Task A_call_is_answered_and_leaves_nothing_open()
    {
        await using var links = new InMemoryLinks();
        links.Serve("b", new Echo());

        Assert.Equal([1, 2, 3], await AskAsync(links.From("a"), "b", [1, 2, 3]));
        Assert.Equal(0, links.OpenCount);
    }

    [Fact]
    public async Task A_refusal_arrives_as_the_error_that_it_is_and_a_defect_without_its_text()
    {
        await using var links = new InMemoryLinks();
        links.Serve("b", new Failing(new LatentDbException(ErrorCode.NotOwner, "Shard 7 is not here.")));
        links.Serve("c", new Failing(new InvalidOperationException("secret")));

        LatentDbException refusal = await Assert.ThrowsAsync<LatentDbException>(() => AskAsync(links.From("a"), "b", [1]));
        LatentDbException defect = await Assert.ThrowsAsync<LatentDbException>(() => AskAsync(links.From("a"), "c", [1]));

        Assert.Equal(ErrorCode.NotOwner, refusal.Code);
        Assert.Equal(ErrorCode.Internal, defect.Code);
        Assert.DoesNotContain("secret", defect.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_silo_is_unreachable_and_what_it_was_doing_is_a_broken_link_not_a_plain_refusal()
    {
        await using var links = new InMemoryLinks();
        links.Serve("b", new Echo());
        await AskAsync(links.From("a"), "b", [1]);
        int writes = links.WritesOf("b");
        for (int i = 1; i <= writes; i++)
        {
            links.Serve("b", new Echo());
            links.KillAfter("b", i);
            await Assert.ThrowsAsync<LinkBrokenException>(() => AskAsync(links.From("a"), "b", [1]));
            LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => AskAsync(links.From("a"), "b", [1]));
            Assert.Equal(ErrorCode.SiloUnreachable, error.Code);
        }
    }

    [Fact]
    public async Task A_caller_that_closes_its_end_cancels_what_is_done_for_it()
    {
        await using var links = new InMemoryLinks();
        var waiting = new Waiting();
        links.Serve("b", waiting);
        Stream stream = await links.From("a").OpenAsync("b", LinkChannel.Grains, CancellationToken.None);

        await stream.DisposeAsync();

        await waiting.Cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_cut_between_two_silos_leaves_the_third_reachable_for_both()
    {
        await using var links = new InMemoryLinks();
        foreach (string address in (string[])["a", "b", "c"]) links.Serve(address, new Echo());
        links.Cut("a", "b");

        await Assert.ThrowsAsync<LatentDbException>(() => AskAsync(links.From("a"), "b", [1]));
        await AskAsync(links.From("a"), "c", [1]);
        await AskAsync(links.From("b"), "c", [1]);
        links.Join("a", "b");
        await AskAsync(links.From("a"), "b", [1]);
    }

    private static async Task<byte[]> AskAsync(ISiloLinks links, string address, byte[] question)
    {
        await using Stream stream = await links.OpenAsync(address, LinkChannel.Grains, CancellationToken.None);
        using var writer = new LinkWriter(stream);
        using var reader = new LinkReader(stream);
        await writer.WriteAsync(Kind, question, CancellationToken.None);
        byte[] answer = (await reader.ReadAsync(Kind, CancellationToken.None)).ToArray();
        Assert.Null(await reader.ReadAsync(CancellationToken.None));
        return answer;
    }

    private sealed class Echo : FramedLinkService
    {
        public override LinkChannel Channel => LinkChannel.Grains;

        protected override async Task AnswerAsync(LinkReader request, LinkWriter answer, CancellationToken cancellationToken) =>
            await answer.WriteAsync(Kind, await request.ReadAsync(Kind, cancellationToken), cancellationToken);

        protected override void OnDefect(Exception error)
        {
        }
    }

    private sealed class Failing(Exception error) : FramedLinkService
    {
        public override LinkChannel Channel => LinkChannel.Grains;

        protected override Task AnswerAsync(LinkReader request, LinkWriter answer, CancellationToken cancellationToken) => Task.FromException(error);

        protected override void OnDefect(Exception error)
        {
        }
    }

    private sealed class Waiting : ILinkService
    {
        public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LinkChannel Channel => LinkChannel.Grains;

        public async Task ServeAsync(Stream stream, CancellationToken cancellationToken)
        {
            await using CancellationTokenRegistration registration = cancellationToken.Register(Cancelled.SetResult);
            await Cancelled.Task;
        }
    }
}
