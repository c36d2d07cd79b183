using System.Net;
using System.Net.Sockets;

namespace LatentDb.Testing;

/// <summary>A TCP port of this machine in front of another address, whose connections can be cut, held up and let go again, those of one caller alone if wanted.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly EndPoint _target;
    private readonly Func<IPEndPoint, string?> _nameOf;
    private readonly Lock _lock = new();
    private readonly HashSet<Passage> _passages = [];
    private readonly Task _accepts;
    private Func<string?, ProxyState> _rule = static _ => ProxyState.Whole;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isOver;

    /// <param name="target">Where connections go.</param>
    /// <param name="nameOf">Who is at the other end of a connection, for rules that tell callers apart; null = nobody is told apart.</param>
    public TcpProxy(EndPoint target, Func<IPEndPoint, string?>? nameOf = null)
    {
        _target = target;
        _nameOf = nameOf ?? (static _ => null);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(128);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepts = Task.Run(AcceptAsync);
    }

    /// <summary>Of 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>From now on connections are treated so; those that go on are too.</summary>
    public void Set(ProxyState state) => Set(_ => state);

    /// <summary>From now on connections are treated as the rule says for the name of their caller.</summary>
    public void Set(Func<string?, ProxyState> rule)
    {
        TaskCompletionSource changed;
        Passage[] passages;
        lock (_lock)
        {
            _rule = rule;
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            passages = [.. _passages];
        }

        changed.SetResult();
        foreach (Passage passage in passages.Where(passage => rule(passage.Caller) == ProxyState.Cut)) passage.Reset();
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock) _isOver = true;
        _listener.Dispose();
        Set(ProxyState.Cut);
        await _accepts;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket near;
            try
            {
                near = await _listener.AcceptAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = Task.Run(() => ServeAsync(near));
        }
    }

    private async Task ServeAsync(Socket near)
    {
        var passage = new Passage(near, new Socket(_target.AddressFamily, SocketType.Stream, _target is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified));
        try
        {
            passage.Caller = near.RemoteEndPoint is IPEndPoint caller ? _nameOf(caller) : null;
            lock (_lock)
            {
                if (_isOver || _rule(passage.Caller) == ProxyState.Cut) throw new SocketException((int)SocketError.ConnectionReset);
                _passages.Add(passage);
            }

            await passage.Far.ConnectAsync(_target);
            near.NoDelay = true;
            if (_target is IPEndPoint) passage.Far.NoDelay = true;
            await Task.WhenAll(PumpAsync(passage, near, passage.Far, isAnswer: false), PumpAsync(passage, passage.Far, near, isAnswer: true));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One end is gone, or the rule says so: the other learns it in the same rough way.
        }

        passage.Reset();
        lock (_lock) _passages.Remove(passage);
    }

    private async Task PumpAsync(Passage passage, Socket from, Socket to, bool isAnswer)
    {
        try
        {
            byte[] buffer = new byte[64 * 1024];
            while (await from.ReceiveAsync(buffer) is > 0 and int count)
            {
                await UntilPassableAsync(passage, isAnswer);
                for (int sent = 0; sent < count;) sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
            }

            await UntilPassableAsync(passage, isAnswer);
            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            passage.Reset();
            throw;
        }
    }

    private async Task UntilPassableAsync(Passage passage, bool isAnswer)
    {
        while (true)
        {
            Task changed;
            ProxyState state;
            lock (_lock)
            {
                state = _rule(passage.Caller);
                changed = _changed.Task;
            }

            if (state == ProxyState.Cut) throw new SocketException((int)SocketError.ConnectionReset);
            if (state == ProxyState.Whole || (state == ProxyState.Mute && !isAnswer)) return;
            await changed;
        }
    }

    private sealed class Passage(Socket near, Socket far)
    {
        public Socket Far { get; } = far;

        public string? Caller { get; set; }

        /// <summary>Both ends get a reset instead of an orderly end.</summary>
        public void Reset()
        {
            near.Close(0);
            Far.Close(0);
        }
    }
}
