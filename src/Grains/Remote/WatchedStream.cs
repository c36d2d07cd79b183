using LatentDb.MemoryStore.Links;

namespace LatentDb.Grains.Remote;

/// <summary>A caller's stream of which it must be known whether anything was read from it or written to it: then there is no second try.</summary>
internal sealed class WatchedStream(Stream inner) : AsyncStream
{
    /// <summary>True once it was read or written.</summary>
    public bool IsTouched { get; private set; }

    public override bool CanRead => inner.CanRead;

    public override bool CanWrite => inner.CanWrite;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        IsTouched = true;
        return inner.ReadAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        IsTouched = true;
        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();
}
