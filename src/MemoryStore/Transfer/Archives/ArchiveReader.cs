using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace LatentDb.MemoryStore.Transfer.Archives;

/// <summary>
/// Reads an archive from a stream that need not be able to seek. What it returns has been verified up to there; that the archive is whole is known
/// only once the last record was read.
/// </summary>
/// <remarks>One caller. Memory: two frames and the largest record; a false length costs at most one frame.</remarks>
internal sealed class ArchiveReader : IDisposable
{
    private readonly Stream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArchiveTally _tally = new();
    private readonly byte[] _seal = new byte[ArchiveFormat.SealBytes];
    private byte[] _frame = new byte[ArchiveFormat.FirstBufferBytes];
    private byte[] _plain = new byte[ArchiveFormat.FirstBufferBytes];
    private ArrayBufferWriter<byte>? _long;
    private ArchiveCipher? _cipher;
    private long _frames;
    private bool _isEnded;

    private ArchiveReader(Stream stream) => _stream = stream;

    public ArchiveHeader Header { get; private set; } = null!;

    /// <summary>Bytes read so far.</summary>
    public long Position { get; private set; }

    /// <summary>What was read so far.</summary>
    public ArchiveTally Tally => _tally;

    /// <summary>Reads and checks the header.</summary>
    /// <param name="stream">Stays the caller's.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="Errors.LatentDbException">archive_invalid.</exception>
    public static async Task<ArchiveReader> BeginAsync(Stream stream, CancellationToken cancellationToken)
    {
        var reader = new ArchiveReader(stream);
        try
        {
            await reader.ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Gives the key of a protected archive, before the first record is read.</summary>
    /// <param name="cipher">Owned by the reader from here on.</param>
    public void Unlock(ArchiveCipher cipher) => _cipher = cipher;

    /// <summary>The next record. The last one is <see cref="ArchiveRecordKind.End"/>; then everything was read and verified.</summary>
    /// <exception cref="Errors.LatentDbException">archive_invalid.</exception>
    public async ValueTask<ArchiveRecord> ReadAsync(CancellationToken cancellationToken)
    {
        if (_isEnded) throw new InvalidOperationException("The archive's last record was read.");
        (int length, FrameFlags flags) = await ReadFrameAsync(cancellationToken).ConfigureAwait(false);
        var kind = (ArchiveRecordKind)_plain[0];
        ReadOnlyMemory<byte> payload = _plain.AsMemory(1, length - 1);
        if (flags.HasFlag(FrameFlags.Continues)) (payload, flags) = await ReadRestAsync(payload, cancellationToken).ConfigureAwait(false);
        bool isLast = flags.HasFlag(FrameFlags.Last);
        if (isLast != (kind == ArchiveRecordKind.End)) throw Damaged("is no end where one must stand, or one where none may");
        if (isLast) await EndAsync(payload, cancellationToken).ConfigureAwait(false);
        else _tally.Add(kind, payload.Length);
        return new ArchiveRecord(kind, payload);
    }

    public void Dispose()
    {
        _cipher?.Dispose();
        _hash.Dispose();
        CryptographicOperations.ZeroMemory(_plain);
    }

    private async ValueTask<(ReadOnlyMemory<byte> Payload, FrameFlags Flags)> ReadRestAsync(ReadOnlyMemory<byte> begin, CancellationToken cancellationToken)
    {
        // The buffer grows with the bytes that came, never with a length that was claimed.
        _long ??= new ArrayBufferWriter<byte>(4 * TransferLimits.FrameBytes);
        _long.ResetWrittenCount();
        _long.Write(begin.Span);
        FrameFlags flags = FrameFlags.Continues;
        while (flags.HasFlag(FrameFlags.Continues))
        {
            (int length, flags) = await ReadFrameAsync(cancellationToken).ConfigureAwait(false);
            if (_long.WrittenCount + length > TransferLimits.MaxRecordBytes) throw Damaged($"makes a record of more than {TransferLimits.MaxRecordBytes} bytes");
            _long.Write(_plain.AsSpan(0, length));
        }

        return (_long.WrittenMemory, flags);
    }

    private async Task ReadHeaderAsync(CancellationToken cancellationToken)
    {
        await FillAsync(0, ArchiveFormat.PreambleBytes, cancellationToken).ConfigureAwait(false);
        if (!_frame.AsSpan(0, 8).SequenceEqual(ArchiveFormat.Magic)) throw ArchiveErrors.Invalid("does not begin as archives do");
        int format = BinaryPrimitives.ReadInt32LittleEndian(_frame.AsSpan(8));
        if (format != ArchiveFormat.Version) throw ArchiveErrors.Invalid($"has format {format}; this program reads format {ArchiveFormat.Version}");
        int length = BinaryPrimitives.ReadInt32LittleEndian(_frame.AsSpan(12));
        if (length is < 1 or > TransferLimits.MaxHeaderBytes) throw ArchiveErrors.Invalid($"has a header of {length} bytes; at most {TransferLimits.MaxHeaderBytes} are read");
        await FillAsync(ArchiveFormat.PreambleBytes, length + ArchiveFormat.ChecksumBytes + ArchiveFormat.SealBytes, cancellationToken).ConfigureAwait(false);
        Verify(ArchiveFormat.PreambleBytes + length, "header");
        Header = ArchiveHeader.Decode(_frame.AsSpan(ArchiveFormat.PreambleBytes, length));
    }

    private async ValueTask<(int Length, FrameFlags Flags)> ReadFrameAsync(CancellationToken cancellationToken)
    {
        await FillAsync(0, ArchiveFormat.FrameHeadBytes, cancellationToken).ConfigureAwait(false);
        int overhead = _cipher is null ? 0 : ArchiveFormat.TagBytes;
        int body = BinaryPrimitives.ReadInt32LittleEndian(_frame);
        var flags = (FrameFlags)BinaryPrimitives.ReadInt32LittleEndian(_frame.AsSpan(4));
        int length = body - overhead;
        if (length is < 1 or > TransferLimits.FrameBytes) throw Damaged($"has a body of {body} bytes");
        if (flags is not (FrameFlags.None or FrameFlags.Continues or FrameFlags.Last)) throw Damaged($"has the flags 0x{(int)flags:x}");
        if (flags == FrameFlags.Continues && length != TransferLimits.FrameBytes) throw Damaged("goes on, but is not full");
        await FillAsync(ArchiveFormat.FrameHeadBytes, body + ArchiveFormat.ChecksumBytes + ArchiveFormat.SealBytes, cancellationToken).ConfigureAwait(false);
        OpenFrame(body, length, flags);
        _frames++;
        return (length, flags);
    }

    private void OpenFrame(int body, int length, FrameFlags flags)
    {
        Span<byte> before = stackalloc byte[ArchiveFormat.SealBytes];
        _seal.CopyTo(before);
        Verify(ArchiveFormat.FrameHeadBytes + body, $"frame {_frames}");
        if (_plain.Length < length) _plain = new byte[TransferLimits.FrameBytes];
        ReadOnlySpan<byte> sealedBody = _frame.AsSpan(ArchiveFormat.FrameHeadBytes, body);
        if (_cipher is null) sealedBody.CopyTo(_plain);
        else _cipher.Open(_frame.AsSpan(0, ArchiveFormat.FrameHeadBytes), before, sealedBody, _plain.AsSpan(0, length), flags.HasFlag(FrameFlags.Last));
    }

    /// <summary>Compares the checksum and the seal behind the first <paramref name="length"/> bytes of the buffer.</summary>
    private void Verify(int length, string noun)
    {
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(_frame.AsSpan(length));
        if (Checksum.Crc32C(_frame.AsSpan(0, length)) != checksum) throw ArchiveErrors.Invalid($"is damaged: the checksum of its {noun} does not match");
        length += ArchiveFormat.ChecksumBytes;
        _hash.AppendData(_frame, 0, length);
        _hash.GetCurrentHash(_seal);
        if (!_frame.AsSpan(length, ArchiveFormat.SealBytes).SequenceEqual(_seal)) throw ArchiveErrors.Invalid($"was changed: its {noun} is not the one that was written there");
        _hash.AppendData(_seal);
    }

    private async ValueTask EndAsync(ReadOnlyMemory<byte> counts, CancellationToken cancellationToken)
    {
        _tally.Verify(counts.Span);
        _isEnded = true;
        if (await _stream.ReadAsync(_frame.AsMemory(0, 1), cancellationToken).ConfigureAwait(false) != 0) throw ArchiveErrors.Invalid("goes on after its end");
    }

    private async ValueTask FillAsync(int offset, int count, CancellationToken cancellationToken)
    {
        if (_frame.Length < offset + count) Array.Resize(ref _frame, ArchiveFormat.MaxFrameBytes);
        int read = await _stream.ReadAtLeastAsync(_frame.AsMemory(offset, count), count, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        Position += read;
        if (read < count) throw ArchiveErrors.Invalid($"is cut off: it ends after {Position} bytes");
    }

    private Errors.LatentDbException Damaged(string what) => ArchiveErrors.Invalid($"is damaged: frame {_frames} {what}");
}
