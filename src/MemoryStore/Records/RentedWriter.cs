using System.Buffers;

namespace LatentDb.MemoryStore.Records;

/// <summary>A buffer of a known bound, rented and given back: a new array of a megabyte costs more in page faults than encoding into it.</summary>
internal sealed class RentedWriter(int maxBytes) : IBufferWriter<byte>, IDisposable
{
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(maxBytes);
    private int _written;

    /// <summary>What was written; of no meaning after <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _written);

    public void Advance(int count) => _written += count;

    public Memory<byte> GetMemory(int sizeHint = 0) => Rest(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => Rest(sizeHint).Span;

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private Memory<byte> Rest(int sizeHint) => _buffer.Length - _written >= sizeHint
        ? _buffer.AsMemory(_written)
        : throw new InvalidOperationException($"{sizeHint} bytes more than {_written} of {_buffer.Length} are wanted; the bound was too small.");
}
