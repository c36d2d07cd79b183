using LatentDb.MemoryStore.Links;

namespace LatentDb.Grains.Remote;

/// <summary>The bytes of an archive as messages of a link. One direction at a time: what is read comes from the reader, what is written goes to the writer.</summary>
/// <param name="reader">Gives Bytes until the end; null = this one is written only.</param>
/// <param name="writer">Takes Bytes, and Ready before the first is read.</param>
internal sealed class ArchiveStream(LinkReader? reader, LinkWriter writer) : AsyncStream
{
    private ReadOnlyMemory<byte> _unread;
    private bool _isReady;
    private bool _isAtEnd;

    public override bool CanRead => reader is not null;

    public override bool CanWrite => reader is null;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_isReady) await writer.WriteAsync(GrainCall.ReadyFrame, default, cancellationToken).ConfigureAwait(false);
        _isReady = true;
        while (_unread.IsEmpty && !_isAtEnd)
        {
            if (await reader!.ReadAsync(cancellationToken).ConfigureAwait(false) is { } frame) _unread = frame.Payload;
            else _isAtEnd = true;
        }

        int count = Math.Min(buffer.Length, _unread.Length);
        _unread[..count].CopyTo(buffer);
        _unread = _unread[count..];
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        buffer.IsEmpty ? ValueTask.CompletedTask : writer.WriteAsync(GrainCall.BytesFrame, buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
