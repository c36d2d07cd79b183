using System.Buffers;

namespace LatentDb.MemoryStore.Links;

/// <summary>A rented buffer that grows up to a bound; a message is built in it, sent, and the buffer used again.</summary>
public sealed class LinkBuffer : IBufferWriter<byte>, IDisposable
{
    private const int FirstBytes = 1024;

    private readonly int _maxBytes;
    private byte[] _buffer = [];

    /// <param name="maxBytes">What may be written at most.</param>
    public LinkBuffer(int maxBytes = LinkLimits.MaxMessageBytes) => _maxBytes = maxBytes;

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>What was written; valid until the next change.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    /// <summary>Forgets what was written and keeps the memory.</summary>
    public void Clear() => Length = 0;

    /// <inheritdoc/>
    public void Advance(int count) => Length += count;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The bound is passed.</exception>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int wanted = Length + Math.Max(sizeHint, 1);
        if (wanted > _buffer.Length) Grow(wanted);
        return _buffer.AsMemory(Length);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The bound is passed.</exception>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Gives the memory back; what was written is of no meaning any more.</summary>
    public void Dispose()
    {
        Give(_buffer);
        (_buffer, Length) = ([], 0);
    }

    private void Grow(int wanted)
    {
        if (wanted < 0 || wanted > _maxBytes) throw new InvalidOperationException($"A message may have {_maxBytes} bytes at most.");
        byte[] grown = ArrayPool<byte>.Shared.Rent(Math.Max(wanted, Math.Max(FirstBytes, (int)Math.Min(2L * _buffer.Length, _maxBytes))));
        Written.CopyTo(grown);
        Give(_buffer);
        _buffer = grown;
    }

    private static void Give(byte[] buffer)
    {
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
    }
}
