using System.Net;
using System.Net.Sockets;
using LatentDb.Testing;

namespace LatentDb.Cluster.Running;

/// <summary>The proxy that the faults of a network are made with does what it says, or they would test something else.</summary>
public sealed class TcpProxyTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket _server = Listening();
    private readonly TcpProxy _proxy;
    private string? _name;

    public TcpProxyTests() => _proxy = new TcpProxy(_server.LocalEndPoint!, _ => _name);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task What_is_whole_passes_both_ways_and_so_does_the_end_of_one_of_them()
    {
        (Socket near, Socket far) = await ConnectAsync();
        await SendAsync(near, 1);
        Assert.Equal(1, await ReceiveAsync(far));

        near.Shutdown(SocketShutdown.Send);
        Assert.Equal(-1, await ReceiveAsync(far));
        await SendAsync(far, 2);
        Assert.Equal(2, await ReceiveAsync(near));
    }

    [Fact]
    public async Task A_cut_resets_what_there_is_and_what_comes_until_it_is_mended()
    {
        (Socket near, Socket far) = await ConnectAsync();
        _proxy.Set(ProxyState.Cut);
        await Assert.ThrowsAsync<SocketException>(() => ReceiveAsync(near));
        await Assert.ThrowsAsync<SocketException>(() => ReceiveAsync(far));

        // The reset may come before the call that connects has returned.
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using Socket refused = await DialAsync();
            await ReceiveAsync(refused);
        });

        _proxy.Set(ProxyState.Whole);
        (near, far) = await ConnectAsync();
        await SendAsync(near, 3);
        Assert.Equal(3, await ReceiveAsync(far));
    }

    [Fact]
    public async Task What_is_silent_holds_everything_back_and_loses_nothing()
    {
        (Socket near, Socket far) = await ConnectAsync();
        _proxy.Set(ProxyState.Silent);
        await SendAsync(near, 4);
        await SendAsync(far, 5);
        Task<int> there = ReceiveAsync(far);
        Task<int> here = ReceiveAsync(near);

        // A byte that another connection carries meanwhile shows that there was time for these.
        await PassOneAsync();
        Assert.False(there.IsCompleted || here.IsCompleted);

        _proxy.Set(ProxyState.Whole);
        Assert.Equal((4, 5), (await there, await here));
    }

    [Fact]
    public async Task What_is_mute_lets_questions_pass_and_holds_answers_back()
    {
        (Socket near, Socket far) = await ConnectAsync();
        _proxy.Set(ProxyState.Mute);
        await SendAsync(near, 6);
        Assert.Equal(6, await ReceiveAsync(far));
        await SendAsync(far, 7);
        Task<int> answer = ReceiveAsync(near);
        await PassOneAsync();
        Assert.False(answer.IsCompleted);

        _proxy.Set(ProxyState.Whole);
        Assert.Equal(7, await answer);
    }

    [Fact]
    public async Task A_rule_for_one_caller_leaves_the_others_alone()
    {
        _name = "a";
        (Socket a, _) = await ConnectAsync();
        _name = "b";
        (Socket b, Socket farOfB) = await ConnectAsync();
        _proxy.Set(caller => caller == "a" ? ProxyState.Cut : ProxyState.Whole);

        await Assert.ThrowsAsync<SocketException>(() => ReceiveAsync(a));
        await SendAsync(b, 8);
        Assert.Equal(8, await ReceiveAsync(farOfB));
    }

    [Fact]
    public async Task The_process_at_the_end_of_a_connection_is_found_and_no_other()
    {
        (Socket near, _) = await ConnectAsync();
        var local = (IPEndPoint)near.LocalEndPoint!;

        Assert.Equal(Environment.ProcessId, SocketOwner.Find(local, [1, Environment.ProcessId]));
        Assert.Null(SocketOwner.Find(local, [1, int.MaxValue]));
        near.Dispose();
        Assert.Null(SocketOwner.Find(new IPEndPoint(IPAddress.Loopback, FreePort.Next()), [Environment.ProcessId]));
    }

    private static Socket Listening()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        return socket;
    }

    private async Task<Socket> DialAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _proxy.Port);
        return socket;
    }

    /// <summary>A connection through the proxy, both ends of it.</summary>
    private async Task<(Socket Near, Socket Far)> ConnectAsync()
    {
        Socket near = await DialAsync();
        return (near, await _server.AcceptAsync().WaitAsync(Patience));
    }

    /// <summary>A byte goes through a whole proxy of its own, there and back.</summary>
    private static async Task PassOneAsync()
    {
        using Socket server = Listening();
        await using var proxy = new TcpProxy(server.LocalEndPoint!);
        using var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await near.ConnectAsync(IPAddress.Loopback, proxy.Port);
        using Socket far = await server.AcceptAsync().WaitAsync(Patience);
        await SendAsync(near, 1);
        await SendAsync(far, await ReceiveAsync(far));
        await ReceiveAsync(near);
    }

    private static Task<int> SendAsync(Socket socket, int value) => socket.SendAsync(new byte[] { (byte)value }, SocketFlags.None);

    /// <summary>The next byte, or -1 at the end.</summary>
    private static async Task<int> ReceiveAsync(Socket socket)
    {
        byte[] one = new byte[1];
        return await socket.ReceiveAsync(one, SocketFlags.None).WaitAsync(Patience) == 1 ? one[0] : -1;
    }
}
