using System.Buffers.Binary;

namespace LatentDb.MemoryStore.Records;

/// <summary>Seals and opens frames. A frame is header, stored payload, and zeros up to a length of 16 n + 4.</summary>
/// <remarks>
/// The odd length is the log's: it puts 12 bytes before each entry, so that every entry takes a multiple of 16 and the log can fill the gap to
/// any sector or page exactly. The checksum is over what is stored, so that whoever has no key can still tell damage.
/// </remarks>
internal static class Frame
{
    private const int Granule = 16;
    private const int Remainder = 4;

    /// <summary>Bytes of a frame with that stored payload.</summary>
    public static int Length(int storedBytes) =>
        checked(FrameHeader.Bytes + storedBytes - Remainder + Granule - 1) / Granule * Granule + Remainder;

    /// <summary>Bytes that a payload takes in a frame.</summary>
    public static int StoredBytes(int payloadBytes, bool isEncrypted) => payloadBytes + (isEncrypted ? FrameKey.TagBytes : 0);

    /// <summary>The largest payload whose frame has at most <paramref name="frameBytes"/> bytes, encrypted or not.</summary>
    public static int MaxPayload(int frameBytes) => ((frameBytes - Remainder) / Granule * Granule) + Remainder - FrameHeader.Bytes - FrameKey.TagBytes;

    /// <summary>Writes a whole frame into <paramref name="target"/>, which has <see cref="Length"/> bytes.</summary>
    /// <param name="target">The frame.</param>
    /// <param name="header">What it says of itself; length and encryption are filled in.</param>
    /// <param name="payload">In clear.</param>
    /// <param name="key">Encrypts the payload; null = stored in clear.</param>
    /// <returns>The seal: the chain field of the frame that follows.</returns>
    public static ulong Seal(Span<byte> target, FrameHeader header, ReadOnlySpan<byte> payload, FrameKey? key)
    {
        int stored = StoredBytes(payload.Length, key is not null);
        if (target.Length != Length(stored)) throw new ArgumentException("The target is not as long as the frame.", nameof(target));
        FrameHeader whole = header with { PayloadBytes = stored, Flags = header.Flags | (key is null ? FrameFlags.None : FrameFlags.Encrypted) };
        whole.WriteFields(target);
        Span<byte> body = target[FrameHeader.Bytes..];
        if (key is null) payload.CopyTo(body);
        else key.Seal(header.Sequence, target[..FrameHeader.BoundBytes], payload, body[..stored]);
        body[stored..].Clear();
        FrameHeader.WriteChecksums(target, Checksum.Crc32C(body[..stored]));
        return FrameHeader.Seal(target);
    }

    /// <summary>Checks every byte of a frame; the payload stays sealed.</summary>
    /// <exception cref="FrameFormatException">Naming what does not agree.</exception>
    public static FrameHeader Open(ReadOnlySpan<byte> frame)
    {
        FrameHeader header = OpenHeader(frame);
        CheckPayload(header, frame);
        return header;
    }

    /// <summary>Checks everything but the bytes of the payload: for who decrypts it at once, because the seal says more than the checksum.</summary>
    /// <exception cref="FrameFormatException">Naming what does not agree.</exception>
    public static FrameHeader OpenHeader(ReadOnlySpan<byte> frame)
    {
        FrameHeader header = FrameHeader.Read(frame);
        int least = header.IsEncrypted ? FrameKey.TagBytes : 0;
        if (header.PayloadBytes < least || header.PayloadBytes > frame.Length || Length(header.PayloadBytes) != frame.Length)
        {
            throw new FrameFormatException($"{frame.Length} bytes do not hold a payload of {header.PayloadBytes}");
        }

        if (header.Part < 0 || header.Parts < 1 || header.Part >= header.Parts) throw new FrameFormatException($"part {header.Part} of {header.Parts} cannot be");
        if (BinaryPrimitives.ReadUInt64LittleEndian(frame[FrameHeader.ReservedOffset..]) != 0) throw new FrameFormatException("the reserved field is not zero") { IsUnsupported = true };
        if (frame[(FrameHeader.Bytes + header.PayloadBytes)..].ContainsAnyExcept((byte)0)) throw new FrameFormatException("the padding is not zero");
        return header;
    }

    /// <summary>Checks the stored bytes of the payload, which needs no key.</summary>
    /// <exception cref="FrameFormatException">They are not what was written.</exception>
    public static void CheckPayload(in FrameHeader header, ReadOnlySpan<byte> frame)
    {
        if (Checksum.Crc32C(frame.Slice(FrameHeader.Bytes, header.PayloadBytes)) != FrameHeader.BodyChecksum(frame)) throw new FrameFormatException("the payload's checksum does not match");
    }

    /// <summary>Bytes of the payload in clear.</summary>
    public static int PayloadBytes(in FrameHeader header) => header.PayloadBytes - (header.IsEncrypted ? FrameKey.TagBytes : 0);

    /// <summary>Writes the payload in clear into <paramref name="target"/>, which has <see cref="PayloadBytes"/> bytes.</summary>
    /// <param name="header">Of a frame that was opened.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="key">Needed when the payload is encrypted.</param>
    /// <param name="target">Receives the payload.</param>
    /// <exception cref="FrameFormatException">The key is missing or is another one.</exception>
    public static void ReadPayload(in FrameHeader header, ReadOnlySpan<byte> frame, FrameKey? key, Span<byte> target)
    {
        ReadOnlySpan<byte> stored = frame.Slice(FrameHeader.Bytes, header.PayloadBytes);
        if (!header.IsEncrypted)
        {
            stored.CopyTo(target);
            return;
        }

        if (key is null) throw new FrameFormatException("the payload is encrypted, and there is no key for it");
        key.Open(header.Sequence, frame[..FrameHeader.BoundBytes], stored, target);
    }
}
