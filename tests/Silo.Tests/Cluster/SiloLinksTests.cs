using System.Net;
using System.Net.Sockets;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using LatentDb.Silo.Cluster.Links;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Cluster;

public sealed class SiloLinksTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Both_directions_of_a_stream_are_open_at_once_and_the_end_is_told()
    {
        await using LinkEnds ends = await LinkEnds.StartAsync(new EchoService());
        await using Stream stream = await ends.Links.OpenAsync(ends.Address, LinkChannel.Grains, CancellationToken.None);
        using var writer = new LinkWriter(stream);
        using var reader = new LinkReader(stream);
        for (int i = 0; i < 5; i++)
        {
            await writer.WriteAsync(EchoService.Kind, new[] { (byte)i }, CancellationToken.None);
            Assert.Equal([(byte)i], (await reader.ReadAsync(EchoService.Kind, CancellationToken.None)).ToArray());
        }

        await writer.WriteEndAsync(CancellationToken.None);
        Assert.Null(await reader.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Many_streams_carry_megabytes_side_by_side()
    {
        await using LinkEnds ends = await LinkEnds.StartAsync(new EchoService());
        byte[] message = new byte[3 << 20];
        for (int i = 0; i < message.Length; i++) message[i] = (byte)(i * 7);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await using Stream stream = await ends.Links.OpenAsync(ends.Address, LinkChannel.Grains, CancellationToken.None);
            using var writer = new LinkWriter(stream);
            using var reader = new LinkReader(stream);
            Task sent = writer.WriteAsync(EchoService.Kind, message, CancellationToken.None).AsTask();
            Assert.True((await reader.ReadAsync(EchoService.Kind, CancellationToken.None)).Span.SequenceEqual(message));
            await sent;
        }));
    }

    [Fact]
    public async Task Hundreds_of_short_calls_a_second_are_served_over_one_connection()
    {
        await using LinkEnds ends = await LinkEnds.StartAsync(new EchoService());
        for (int i = 0; i < 700; i++)
        {
            await using Stream stream = await ends.Links.OpenAsync(ends.Address, LinkChannel.Grains, CancellationToken.None);
            using var writer = new LinkWriter(stream);
            using var reader = new LinkReader(stream);
            await writer.WriteEndAsync(CancellationToken.None);
            Assert.Null(await reader.ReadAsync(CancellationToken.None));
        }
    }

    [Fact]
    public async Task Who_closes_the_stream_cancels_what_is_done_for_it()
    {
        var service = new EchoService();
        await using LinkEnds ends = await LinkEnds.StartAsync(service);
        Stream stream = await ends.Links.OpenAsync(ends.Address, LinkChannel.Grains, CancellationToken.None);

        await stream.DisposeAsync();

        await service.CallerGone.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_silo_that_is_not_there_is_unreachable_and_one_that_goes_leaves_a_broken_link()
    {
        LinkEnds ends = await LinkEnds.StartAsync(new EchoService());
        await using Stream stream = await ends.Links.OpenAsync(ends.Address, LinkChannel.Grains, CancellationToken.None);
        using var reader = new LinkReader(stream);
        await ends.Listener.DisposeAsync();

        await Assert.ThrowsAsync<LinkBrokenException>(async () => await reader.ReadAsync(CancellationToken.None));
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(async () => await ends.Links.OpenAsync(ends.Address, LinkChannel.Grains, CancellationToken.None));

        Assert.Equal(ErrorCode.SiloUnreachable, error.Code);
        ends.Links.Dispose();
    }

    [Fact]
    public async Task A_channel_that_a_silo_does_not_serve_is_unreachable()
    {
        await using LinkEnds ends = await LinkEnds.StartAsync(new EchoService());
        await RequireUnreachableAsync(ends, LinkChannel.Model);
    }

    [Fact]
    public async Task Another_key_and_a_wrong_clock_are_each_refused()
    {
        var late = new ManualTimeProvider();
        late.Set(TimeProvider.System.GetUtcNow() - LinkSeal.Tolerance - TimeSpan.FromSeconds(5));
        await using LinkEnds otherKey = await LinkEnds.StartAsync(new EchoService(), callersKey: "another-key-of-another-cluster-of-ours");
        await using LinkEnds otherClock = await LinkEnds.StartAsync(new EchoService(), callersTime: late);

        await RequireUnreachableAsync(otherKey, LinkChannel.Grains);
        await RequireUnreachableAsync(otherClock, LinkChannel.Grains);
    }

    [Fact]
    public void A_seal_opens_one_channel_of_one_silo_and_is_no_answer()
    {
        var seal = new LinkSeal(LinkEnds.Key, TimeProvider.System);
        LinkSeal.Shown shown = seal.Show(1, "10.0.0.7:5081");

        Assert.True(seal.Holds(shown, 1, "10.0.0.7:5081"));
        Assert.False(seal.Holds(shown, 2, "10.0.0.7:5081"));
        Assert.False(seal.Holds(shown, 1, "10.0.0.8:5081"));
        Assert.False(seal.IsAnswer(shown.Seal, shown, 1, "10.0.0.7:5081"));
        Assert.True(seal.IsAnswer(seal.Answer(shown, 1, "10.0.0.7:5081"), shown, 1, "10.0.0.7:5081"));
    }

    [Fact]
    public async Task Nothing_is_served_to_those_who_show_no_seal_or_one_that_was_used()
    {
        await using LinkEnds ends = await LinkEnds.StartAsync(new EchoService());
        using var http = new HttpClient { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        LinkSeal.Shown shown = new LinkSeal(LinkEnds.Key, TimeProvider.System).Show((int)LinkChannel.Replication, ends.Address);

        foreach (string path in (string[])["/", "/healthz", "/links/1", "/links/x"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, ends.Address, path, shown with { Seal = "" }));
        }

        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(http, ends.Address, "/links/4", shown));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, ends.Address, "/links/4", shown));
    }

    [Fact]
    public async Task A_silo_whose_connections_are_gone_at_the_moment_they_are_made_is_unreachable_and_nothing_else()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task accepting = Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    using Socket socket = await listener.AcceptSocketAsync();
                    socket.LingerState = new LingerOption(true, 0); // Reset, so that the caller's end is gone at once.
                }
            }
            catch (SocketException)
            {
            }
        });
        using var links = new SiloLinks(new LinkSeal(LinkEnds.Key, TimeProvider.System), tls: null, TimeProvider.System);
        string address = listener.LocalEndpoint.ToString()!;
        for (int i = 0; i < 300; i++)
        {
            LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(async () => await links.OpenAsync(address, LinkChannel.Grains, CancellationToken.None));
            Assert.Equal(ErrorCode.SiloUnreachable, error.Code);
        }

        listener.Stop();
        await accepting;
    }

    private static async Task RequireUnreachableAsync(LinkEnds ends, LinkChannel channel)
    {
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(async () => await ends.Links.OpenAsync(ends.Address, channel, CancellationToken.None));
        Assert.Equal(ErrorCode.SiloUnreachable, error.Code);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, string address, string path, LinkSeal.Shown shown)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{address}{path}") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TryAddWithoutValidation(LinkSeal.TimeHeader, shown.Time);
        request.Headers.TryAddWithoutValidation(LinkSeal.NonceHeader, shown.Nonce);
        request.Headers.TryAddWithoutValidation(LinkSeal.SealHeader, shown.Seal);
        using HttpResponseMessage response = await http.SendAsync(request);
        return response.StatusCode;
    }
}
