using LatentDb.MemoryStore.Links;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Links;

#pragma warning disable CA1001 // xUnit disposes by IAsyncLifetime.
public sealed class LinkPoolTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly InMemoryLinks _links = new();
    private readonly ManualTimeProvider _time = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _links.DisposeAsync();

    [Fact]
    public async Task A_stream_whose_call_ended_as_it_should_carries_the_next_one()
    {
        using LinkPool pool = Serve();

        Assert.False(await CallAsync(pool, keep: true));
        Assert.True(await CallAsync(pool, keep: true));
        Assert.Equal(1, _links.OpenCount);
    }

    [Fact]
    public async Task A_call_that_was_left_in_the_middle_takes_its_stream_with_it()
    {
        using LinkPool pool = Serve();

        Assert.False(await CallAsync(pool, keep: false));
        Assert.False(await CallAsync(pool, keep: true));
        Assert.Equal(1, _links.OpenCount);
    }

    [Fact]
    public async Task Streams_that_wait_too_long_are_closed()
    {
        using LinkPool pool = Serve();
        await CallAsync(pool, keep: true);

        _time.Advance(2 * LinkPool.IdleLimit);

        Assert.Equal(0, _links.OpenCount);
        Assert.False(await CallAsync(pool, keep: true));
    }

    [Fact]
    public async Task When_one_stream_to_a_silo_breaks_those_that_wait_are_not_tried()
    {
        using LinkPool pool = Serve();
        Stream[] streams = [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => pool.OpenAsync("b", LinkChannel.Grains, default).AsTask()))];
        foreach (Stream stream in streams)
        {
            LinkPool.Keep(stream);
            await stream.DisposeAsync();
        }

        _links.Kill("b");
        _links.Serve("b", new AnsweringService());
        await Assert.ThrowsAsync<LinkBrokenException>(() => CallAsync(pool, keep: true));

        Assert.False(await CallAsync(pool, keep: true));
    }

    [Fact]
    public async Task A_service_that_ends_lets_go_of_streams_that_only_wait()
    {
        var service = new AnsweringService();
        _links.Serve("b", service);
        using var pool = new LinkPool(_links.From("a"), _time);
        await CallAsync(pool, keep: true);

        service.EndIdle();

        await Assert.ThrowsAsync<LinkBrokenException>(() => CallAsync(pool, keep: true));
        Assert.Empty(_links.Defects);
    }

    private LinkPool Serve()
    {
        _links.Serve("b", new AnsweringService());
        return new LinkPool(_links.From("a"), _time);
    }

    /// <returns>True when the stream had carried a call before.</returns>
    private static async Task<bool> CallAsync(LinkPool pool, bool keep)
    {
        await using Stream stream = await pool.OpenAsync("b", LinkChannel.Grains, default);
        using var writer = new LinkWriter(stream);
        using var reader = new LinkReader(stream);
        await writer.WriteAsync(AnsweringService.Kind, new byte[] { 1, 2 }, default);
        Assert.Equal([1, 2], (await reader.ReadAsync(AnsweringService.Kind, default)).ToArray());
        if (!keep) return LinkPool.IsReused(stream);
        Assert.Null(await reader.ReadAsync(default));
        LinkPool.Keep(stream);
        return LinkPool.IsReused(stream);
    }

    /// <summary>One message, one answer.</summary>
    private sealed class AnsweringService : FramedLinkService
    {
        public const byte Kind = LinkFrameKind.FirstOfService;

        public override LinkChannel Channel => LinkChannel.Grains;

        protected override async Task AnswerAsync(LinkReader request, LinkWriter answer, CancellationToken cancellationToken) =>
            await answer.AddAsync(Kind, await request.ReadAsync(Kind, cancellationToken), cancellationToken);

        protected override void OnDefect(Exception error) => throw error;
    }
}
