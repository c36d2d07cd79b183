namespace LatentDb.MemoryStore.Disk;

/// <summary>An open file. Thread-safe: every call names its place.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>Bytes of the file.</summary>
    long Length { get; }

    /// <summary>Reads at a place until the buffer is full or the file ends.</summary>
    /// <returns>Bytes read.</returns>
    int Read(Span<byte> target, long offset);

    /// <inheritdoc cref="Read"/>
    ValueTask<int> ReadAsync(Memory<byte> target, long offset, CancellationToken cancellationToken);

    /// <summary>Says that a place will be read soon, so that the disk may begin. Waits for nothing and promises nothing.</summary>
    void WillRead(long offset, long bytes)
    {
    }

    /// <summary>Writes all of it at a place.</summary>
    void Write(ReadOnlySpan<byte> source, long offset);

    /// <summary>Returns when what was written, and the length needed to read it, are on stable storage.</summary>
    /// <exception cref="IOException">HResult is the errno. The file must not be trusted any more, and the call not be repeated.</exception>
    void Sync();
}
