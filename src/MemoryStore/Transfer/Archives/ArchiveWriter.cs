using System.Buffers.Binary;
using System.Security.Cryptography;

namespace LatentDb.MemoryStore.Transfer.Archives;

/// <summary>Writes an archive to a stream that need not be able to seek. One caller; memory: two frames.</summary>
internal sealed class ArchiveWriter : IDisposable
{
    private readonly Stream _stream;
    private readonly ArchiveCipher? _cipher;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArchiveTally _tally = new();
    private readonly byte[] _seal = new byte[ArchiveFormat.SealBytes];
    private byte[] _plain = new byte[ArchiveFormat.FirstBufferBytes];
    private byte[] _frame = new byte[ArchiveFormat.FirstBufferBytes + (ArchiveFormat.MaxFrameBytes - TransferLimits.FrameBytes)];

    private ArchiveWriter(Stream stream, ArchiveCipher? cipher)
    {
        _stream = stream;
        _cipher = cipher;
    }

    /// <summary>Bytes written so far.</summary>
    public long Position { get; private set; }

    /// <summary>Writes the header.</summary>
    /// <param name="stream">Stays the caller's.</param>
    /// <param name="header">What it says.</param>
    /// <param name="cipher">Agrees with the header's protection; owned by the writer from here on.</param>
    /// <param name="cancellationToken">Leaves an archive that no reader accepts.</param>
    public static async Task<ArchiveWriter> BeginAsync(Stream stream, ArchiveHeader header, ArchiveCipher? cipher, CancellationToken cancellationToken)
    {
        var writer = new ArchiveWriter(stream, cipher);
        try
        {
            await writer.SendAsync(writer.PutHeader(header.Encode()), cancellationToken).ConfigureAwait(false);
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <summary>Writes one record. The payload is the caller's again when the task ends.</summary>
    public ValueTask WriteAsync(ArchiveRecordKind kind, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        _tally.Add(kind, payload.Length);
        return WriteRecordAsync(kind, payload, FrameFlags.None, cancellationToken);
    }

    /// <summary>Writes the last record. Without it no reader accepts the archive.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        await WriteRecordAsync(ArchiveRecordKind.End, _tally.Encode(), FrameFlags.Last, cancellationToken).ConfigureAwait(false);
        await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _cipher?.Dispose();
        _hash.Dispose();
        CryptographicOperations.ZeroMemory(_plain);
    }

    private async ValueTask WriteRecordAsync(ArchiveRecordKind kind, ReadOnlyMemory<byte> payload, FrameFlags flags, CancellationToken cancellationToken)
    {
        if (payload.Length > TransferLimits.MaxRecordBytes) throw new ArgumentException($"A {kind} record of {payload.Length} bytes is larger than archives hold.", nameof(payload));
        if (payload.Length >= _plain.Length) Grow();
        _plain[0] = (byte)kind;
        int filled = 1;
        do
        {
            int taken = Math.Min(payload.Length, _plain.Length - filled);
            payload.Span[..taken].CopyTo(_plain.AsSpan(filled));
            payload = payload[taken..];
            int frame = PutFrame(_plain.AsSpan(0, filled + taken), payload.IsEmpty ? flags : FrameFlags.Continues);
            await SendAsync(frame, cancellationToken).ConfigureAwait(false);
            filled = 0;
        }
        while (!payload.IsEmpty);
    }

    private int PutHeader(byte[] header)
    {
        if (header.Length + ArchiveFormat.PreambleBytes > _plain.Length) Grow();
        ArchiveFormat.Magic.CopyTo(_frame);
        BinaryPrimitives.WriteInt32LittleEndian(_frame.AsSpan(8), ArchiveFormat.Version);
        BinaryPrimitives.WriteInt32LittleEndian(_frame.AsSpan(12), header.Length);
        header.CopyTo(_frame.AsSpan(ArchiveFormat.PreambleBytes));
        return Close(ArchiveFormat.PreambleBytes + header.Length);
    }

    private int PutFrame(ReadOnlySpan<byte> plain, FrameFlags flags)
    {
        int body = plain.Length + (_cipher is null ? 0 : ArchiveFormat.TagBytes);
        Span<byte> head = _frame.AsSpan(0, ArchiveFormat.FrameHeadBytes);
        BinaryPrimitives.WriteInt32LittleEndian(head, body);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], (int)flags);
        Span<byte> target = _frame.AsSpan(ArchiveFormat.FrameHeadBytes, body);
        if (_cipher is null) plain.CopyTo(target);
        else _cipher.Seal(head, _seal, plain, target, flags.HasFlag(FrameFlags.Last));
        return Close(ArchiveFormat.FrameHeadBytes + body);
    }

    /// <summary>Puts checksum and seal behind what stands in the buffer.</summary>
    private int Close(int length)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_frame.AsSpan(length), Checksum.Crc32C(_frame.AsSpan(0, length)));
        length += ArchiveFormat.ChecksumBytes;
        _hash.AppendData(_frame, 0, length);
        _hash.GetCurrentHash(_seal);
        _seal.CopyTo(_frame, length);
        _hash.AppendData(_seal);
        return length + ArchiveFormat.SealBytes;
    }

    private void Grow()
    {
        if (_plain.Length == TransferLimits.FrameBytes) return;
        CryptographicOperations.ZeroMemory(_plain);
        _plain = new byte[TransferLimits.FrameBytes];
        _frame = new byte[ArchiveFormat.MaxFrameBytes];
    }

    private async ValueTask SendAsync(int length, CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(_frame.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
        Position += length;
    }
}
