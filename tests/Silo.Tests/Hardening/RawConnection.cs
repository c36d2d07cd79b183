using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace LatentDb.Silo.Tests.Hardening;

/// <summary>A connection on which bytes are sent as they are, because no HTTP library would send what a hostile client does.</summary>
internal sealed class RawConnection : IAsyncDisposable
{
    /// <summary>How long a test waits for a server that hangs; the servers own limits are below it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Socket _socket;
    private readonly List<byte> _received = [];
    private readonly byte[] _piece = new byte[64 * 1024];
    private bool _isEnded;

    private RawConnection(Socket socket) => _socket = socket;

    /// <summary>What is received after the last answer that was read.</summary>
    public int UnreadBytes => _received.Count;

    /// <summary>True once the server has answered or closed.</summary>
    public bool IsAnswered => _isEnded || _socket.Poll(0, SelectMode.SelectRead);

    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, address.Port);
        return new RawConnection(socket);
    }

    /// <summary>Opens, sends and reads one answer; null when the server closed without one.</summary>
    public static async Task<RawAnswer?> ExchangeAsync(Uri address, string request)
    {
        await using RawConnection connection = await OpenAsync(address);
        await connection.SendAsync(request);
        return await connection.ReadAnswerAsync();
    }

    /// <summary>Latin-1: a character is a byte.</summary>
    public Task SendAsync(string request) => SendAsync(Encoding.Latin1.GetBytes(request));

    /// <summary>Sends what the server still takes; one that refuses early closes in the middle.</summary>
    public async Task SendAsync(byte[] request)
    {
        try
        {
            for (int sent = 0; sent < request.Length;) sent += await _socket.SendAsync(request.AsMemory(sent));
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted)
        {
            _isEnded = _socket.Available == 0;
        }
    }

    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Breaks the connection so that the other side learns of it by an error (RST).</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    /// <summary>The next answer; null when the server closed before it was whole.</summary>
    /// <exception cref="TimeoutException">The server hangs.</exception>
    public async Task<RawAnswer?> ReadAnswerAsync(bool isHead = false)
    {
        while (true)
        {
            // An answer of megabytes is not looked through again for each piece of it: only when no more of it is there.
            bool isAllHere = _isEnded || _socket.Available == 0;
            if (isAllHere && RawAnswer.TryRead(_received, isHead, _isEnded, out int length) is { } answer)
            {
                _received.RemoveRange(0, length);
                return answer;
            }

            if (_isEnded) return null;
            await ReceiveAsync();
        }
    }

    /// <summary>Waits until these bytes have come, and leaves them unread.</summary>
    public async Task UntilReceivedAsync(byte[] bytes)
    {
        while (!_isEnded && CollectionsMarshal.AsSpan(_received).IndexOf(bytes) < 0) await ReceiveAsync();
    }

    /// <summary>Waits until the server has closed.</summary>
    public async Task UntilClosedAsync()
    {
        while (!_isEnded) await ReceiveAsync();
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task ReceiveAsync()
    {
        try
        {
            int read = await _socket.ReceiveAsync(_piece.AsMemory()).AsTask().WaitAsync(Patience);
            _isEnded = read == 0;
            _received.AddRange(_piece.AsSpan(0, read));
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            _isEnded = true;
        }
    }
}
