using System.Buffers.Binary;
using System.Security.Cryptography;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Transfer.Archives;

namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>Archives as byte arrays: written, read to the end, and taken apart into frames.</summary>
internal static class ArchiveBytes
{
    public static readonly (ArchiveRecordKind Kind, byte[] Payload)[] Small =
    [
        (ArchiveRecordKind.Memory, "the first record"u8.ToArray()),
        (ArchiveRecordKind.Version, []),
        (ArchiveRecordKind.Gap, "Maria lives in Kiel."u8.ToArray()),
        (ArchiveRecordKind.Gap, "Maria lives in Kiel."u8.ToArray()),
    ];

    public static async Task<byte[]> WriteAsync(
        IEnumerable<(ArchiveRecordKind Kind, byte[] Payload)> records, ArchiveProtection? protection = null, byte[]? key = null)
    {
        using var stream = new MemoryStream();
        var header = new ArchiveHeader("LatentDB test", new HybridTimestamp(639_000_000_000_000_000), protection ?? NoProtection.Instance);
        using ArchiveWriter writer = await ArchiveWriter.BeginAsync(stream, header, key is null ? null : new ArchiveCipher([.. key]), CancellationToken.None);
        foreach ((ArchiveRecordKind kind, byte[] payload) in records) await writer.WriteAsync(kind, payload, CancellationToken.None);
        await writer.EndAsync(CancellationToken.None);
        Assert.Equal(stream.Length, writer.Position);
        return stream.ToArray();
    }

    public static Task<List<(ArchiveRecordKind Kind, byte[] Payload)>> ReadAsync(byte[] archive, byte[]? key = null) => ReadAsync(new MemoryStream(archive), key);

    public static async Task<List<(ArchiveRecordKind Kind, byte[] Payload)>> ReadAsync(Stream stream, byte[]? key = null)
    {
        using ArchiveReader reader = await ArchiveReader.BeginAsync(stream, CancellationToken.None);
        if (key is not null) reader.Unlock(new ArchiveCipher([.. key]));
        var records = new List<(ArchiveRecordKind Kind, byte[] Payload)>();
        while (true)
        {
            ArchiveRecord record = await reader.ReadAsync(CancellationToken.None);
            if (record.Kind == ArchiveRecordKind.End) return records;
            records.Add((record.Kind, record.Payload.ToArray()));
        }
    }

    /// <summary>The header and each frame, with checksum and seal.</summary>
    public static List<byte[]> Split(byte[] archive)
    {
        var parts = new List<byte[]>();
        int start = 0;
        int length = ArchiveFormat.PreambleBytes + BinaryPrimitives.ReadInt32LittleEndian(archive.AsSpan(12));
        while (start < archive.Length)
        {
            int end = start + length + ArchiveFormat.ChecksumBytes + ArchiveFormat.SealBytes;
            parts.Add(archive[start..end]);
            start = end;
            if (start < archive.Length) length = ArchiveFormat.FrameHeadBytes + BinaryPrimitives.ReadInt32LittleEndian(archive.AsSpan(start));
        }

        return parts;
    }

    /// <summary>Puts parts together with fresh checksums and seals: what somebody can do who knows the format but no key.</summary>
    public static byte[] Reseal(IEnumerable<byte[]> parts)
    {
        var archive = new List<byte>();
        foreach (byte[] part in parts)
        {
            byte[] content = part[..^(ArchiveFormat.ChecksumBytes + ArchiveFormat.SealBytes)];
            byte[] checksum = new byte[ArchiveFormat.ChecksumBytes];
            BinaryPrimitives.WriteUInt32LittleEndian(checksum, Checksum.Crc32C(content));
            archive.AddRange(content);
            archive.AddRange(checksum);
            archive.AddRange(SHA256.HashData([.. archive]));
        }

        return [.. archive];
    }
}

/// <summary>A stream like a socket's: it cannot seek, does not know its length, and gives a few bytes at a time.</summary>
internal sealed class DribblingStream(byte[] bytes, int most) : Stream
{
    private int _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        int read = Math.Min(Math.Min(most, count), bytes.Length - _position);
        bytes.AsSpan(_position, read).CopyTo(buffer.AsSpan(offset));
        _position += read;
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
