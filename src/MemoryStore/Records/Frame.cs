using System.Buffers.Binary;
using System.Text;

namespace LatentDb.MemoryStore.Records;

/// <summary>Seals and opens frames. A frame is header, operation id, payload, and zeros up to a length of 16 n + 4.</summary>
/// <remarks>
/// The odd length is the log's: it puts 12 bytes before each entry, so that every entry takes a multiple of 16 and the log can fill the gap to
/// any sector or page exactly.
/// </remarks>
internal static class Frame
{
    private const int Granule = 16;
    private const int Remainder = 4;

    /// <summary>Bytes of a frame with that body (operation id and payload).</summary>
    public static int Length(int bodyBytes) =>
        checked(FrameHeader.Bytes + bodyBytes - Remainder + Granule - 1) / Granule * Granule + Remainder;

    /// <summary>The largest body whose frame has at most <paramref name="frameBytes"/> bytes.</summary>
    public static int MaxBody(int frameBytes) => ((frameBytes - Remainder) / Granule * Granule) + Remainder - FrameHeader.Bytes;

    /// <summary>Writes a whole frame into <paramref name="target"/>, which has <see cref="Length"/> bytes.</summary>
    /// <returns>The seal: the chain field of the frame that follows.</returns>
    public static ulong Seal(Span<byte> target, FrameHeader header, ReadOnlySpan<byte> operationId, ReadOnlySpan<byte> payload)
    {
        if (target.Length != Length(operationId.Length + payload.Length)) throw new ArgumentException("The target is not as long as the frame.", nameof(target));
        Span<byte> body = target[FrameHeader.Bytes..];
        operationId.CopyTo(body);
        payload.CopyTo(body[operationId.Length..]);
        body[(operationId.Length + payload.Length)..].Clear();
        uint checksum = Checksum.Crc32C(body[..(operationId.Length + payload.Length)]);
        FrameHeader whole = header with { PayloadBytes = payload.Length, OperationIdBytes = operationId.Length };
        whole.Write(target, checksum);
        return FrameHeader.Seal(target);
    }

    /// <summary>Checks every byte of a frame.</summary>
    /// <exception cref="FrameFormatException">Naming what does not agree.</exception>
    public static FrameHeader Open(ReadOnlySpan<byte> frame)
    {
        FrameHeader header = FrameHeader.Read(frame);
        if (header.PayloadBytes < 0 || header.OperationIdBytes is < 0 or > StoreLimits.MaxOperationIdLength * 4)
        {
            throw new FrameFormatException($"lengths {header.OperationIdBytes} and {header.PayloadBytes} are out of range");
        }

        long body = (long)header.OperationIdBytes + header.PayloadBytes;
        if (body > frame.Length || Length((int)body) != frame.Length) throw new FrameFormatException($"{frame.Length} bytes do not hold a body of {body}");
        if (header.Part < 0 || header.Parts < 1 || header.Part >= header.Parts) throw new FrameFormatException($"part {header.Part} of {header.Parts} cannot be");
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame[72..]) != 0) throw new FrameFormatException("the reserved field is not zero") { IsUnsupported = true };
        ReadOnlySpan<byte> rest = frame[FrameHeader.Bytes..];
        if (Checksum.Crc32C(rest[..(int)body]) != FrameHeader.BodyChecksum(frame)) throw new FrameFormatException("the body's checksum does not match");
        if (rest[(int)body..].ContainsAnyExcept((byte)0)) throw new FrameFormatException("the padding is not zero");
        return header;
    }

    public static string? OperationId(in FrameHeader header, ReadOnlySpan<byte> frame) =>
        header.OperationIdBytes == 0 ? null : Encoding.UTF8.GetString(frame.Slice(FrameHeader.Bytes, header.OperationIdBytes));

    public static ReadOnlySpan<byte> Payload(in FrameHeader header, ReadOnlySpan<byte> frame) =>
        frame.Slice(FrameHeader.Bytes + header.OperationIdBytes, header.PayloadBytes);
}
