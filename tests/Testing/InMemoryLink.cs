using System.Buffers.Binary;
using System.Threading.Channels;

namespace LatentDb.Testing;

/// <summary>One stream between two silos, seen from both ends. Each direction holds a few writes back, so that a slow reader slows the writer.</summary>
#pragma warning disable CA1001 // Its source of cancellation has no timer and nothing linked: there is nothing to give back.
internal sealed class InMemoryLink
#pragma warning restore CA1001
{
    private const int MaxWritesUnread = 4;
    private const int HeaderBytes = 9; // of a frame: kind, length, checksum

    private readonly InMemoryLinks _owner;
    private readonly Channel<byte[]> _toServer = Channel.CreateBounded<byte[]>(MaxWritesUnread);
    private readonly Channel<byte[]> _toCaller = Channel.CreateBounded<byte[]>(MaxWritesUnread);
    private readonly CancellationTokenSource _callerGone = new();

    public InMemoryLink(InMemoryLinks owner, string from, string to)
    {
        _owner = owner;
        Ends = [from, to];
        Caller = new End(this, _toCaller.Reader, _toServer.Writer, onDispose: EndCaller);
        Server = new End(this, _toServer.Reader, _toCaller.Writer, onDispose: () => EndServer(null));
    }

    public string[] Ends { get; }

    public Stream Caller { get; }

    public Stream Server { get; }

    /// <summary>Cancelled when the caller has closed its end, or the way is gone.</summary>
    public CancellationToken CallerGone => _callerGone.Token;

    public bool Touches(string address) => Ends.Contains(address, StringComparer.Ordinal);

    public void Break()
    {
        var cut = new IOException("The way is cut.");
        _toServer.Writer.TryComplete(cut);
        _toCaller.Writer.TryComplete(cut);
        _owner.Forget(this);
        _callerGone.Cancel();
    }

    /// <summary>What the server has written may still be read; null = it ended as it should.</summary>
    public void EndServer(Exception? error)
    {
        _toCaller.Writer.TryComplete(error);
        _toServer.Writer.TryComplete(new IOException("The other silo has ended."));
        _owner.Forget(this);
    }

    private void EndCaller()
    {
        _toServer.Writer.TryComplete();
        _toCaller.Writer.TryComplete(new IOException("The caller has gone."));
        _owner.Forget(this);
        _callerGone.Cancel();
    }

    private sealed class End(InMemoryLink link, ChannelReader<byte[]> reader, ChannelWriter<byte[]> writer, Action onDispose) : Stream
    {
        private ReadOnlyMemory<byte> _unread;
        private int _leftOfFrame;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (_unread.IsEmpty)
            {
                if (!await reader.WaitToReadAsync(cancellationToken)) return 0;
                if (reader.TryRead(out byte[]? bytes)) _unread = bytes;
            }

            int count = Math.Min(buffer.Length, _unread.Length);
            _unread[..count].CopyTo(buffer);
            _unread = _unread[count..];
            return count;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                while (!buffer.IsEmpty)
                {
                    // A writer may join frames; a silo can be lost between any two of them all the same.
                    if (_leftOfFrame == 0 && buffer.Length >= HeaderBytes) _leftOfFrame = HeaderBytes + BinaryPrimitives.ReadInt32LittleEndian(buffer.Span[1..]);
                    int count = _leftOfFrame > 0 ? Math.Min(_leftOfFrame, buffer.Length) : buffer.Length;
                    _leftOfFrame = Math.Max(_leftOfFrame - count, 0);
                    if (!link._owner.Allows(link)) throw new IOException("The silo is gone.");
                    await writer.WriteAsync(buffer[..count].ToArray(), cancellationToken);
                    buffer = buffer[count..];
                }
            }
            catch (ChannelClosedException error)
            {
                throw new IOException("The other end is closed.", error);
            }
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) onDispose();
            base.Dispose(disposing);
        }
    }
}
