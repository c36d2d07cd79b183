using System.Buffers.Binary;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Records;

/// <summary>
/// The fixed part of a frame, little endian:
/// <code>
///  0 u32 magic "LDBF"      4 u8 format version   5 u8 kind          6 u16 flags
///  8 u128 memory uid      24 i64 owner epoch    32 i64 sequence    40 i64 UTC ticks
/// 48 u64 seal of the frame before               56 u32 part        60 u32 parts
/// 64 u32 stored payload bytes                   68 u64 reserved, 0
/// 76 u32 CRC-32C of the stored payload          80 u32 CRC-32C of bytes 0..79
/// </code>
/// </summary>
internal readonly record struct FrameHeader(
    FrameKind Kind,
    FrameFlags Flags,
    MemoryUid Memory,
    Epoch Epoch,
    long Sequence,
    HybridTimestamp Time,
    ulong Chain,
    int Part,
    int Parts,
    int PayloadBytes)
{
    public const int Bytes = 84;
    public const uint Magic = 0x4642444c;
    public const byte FormatVersion = 2;

    /// <summary>Bytes, from the first, that a sealed payload is bound to: all that names the frame, but not its length or checksums.</summary>
    public const int BoundBytes = 64;

    /// <summary>Place of the eight reserved bytes.</summary>
    public const int ReservedOffset = 68;
    private const int BodyChecksumOffset = 76;
    private const int HeaderChecksumOffset = 80;

    public bool IsEncrypted => Flags.HasFlag(FrameFlags.Encrypted);

    /// <summary>Writes everything but the checksums.</summary>
    public void WriteFields(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        target[4] = FormatVersion;
        target[5] = (byte)Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(target[6..], (ushort)Flags);
        BinaryPrimitives.WriteUInt128LittleEndian(target[8..], Memory.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], Epoch.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[40..], Time.UtcTicks);
        BinaryPrimitives.WriteUInt64LittleEndian(target[48..], Chain);
        BinaryPrimitives.WriteInt32LittleEndian(target[56..], Part);
        BinaryPrimitives.WriteInt32LittleEndian(target[60..], Parts);
        BinaryPrimitives.WriteInt32LittleEndian(target[64..], PayloadBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(target[ReservedOffset..], 0);
    }

    /// <summary>Writes both checksums over what stands there.</summary>
    public static void WriteChecksums(Span<byte> target, uint bodyChecksum)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target[BodyChecksumOffset..], bodyChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(target[HeaderChecksumOffset..], Checksum.Crc32C(target[..HeaderChecksumOffset]));
    }

    /// <summary>Reads and checks the fixed part; the body is checked by <see cref="Frame.Open"/>.</summary>
    /// <exception cref="FrameFormatException">The bytes are no frame, or one of a later format.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> source)
    {
        if (source.Length < Bytes) throw new FrameFormatException($"{source.Length} bytes are too few for a frame");
        if (BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic) throw new FrameFormatException("no frame begins here");
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(source[HeaderChecksumOffset..]);
        if (Checksum.Crc32C(source[..HeaderChecksumOffset]) != expected) throw new FrameFormatException("the header's checksum does not match");
        if (source[4] != FormatVersion) throw new FrameFormatException($"format version {source[4]} is not known") { IsUnsupported = true };
        var kind = (FrameKind)source[5];
        var flags = (FrameFlags)BinaryPrimitives.ReadUInt16LittleEndian(source[6..]);
        if (!Enum.IsDefined(kind)) throw new FrameFormatException($"record kind {source[5]} is not known") { IsUnsupported = true };
        if ((flags & ~FrameFlags.Known) != FrameFlags.None) throw new FrameFormatException($"flags 0x{(ushort)flags:x4} are not known") { IsUnsupported = true };
        return new FrameHeader(
            kind,
            flags,
            new MemoryUid(BinaryPrimitives.ReadUInt128LittleEndian(source[8..])),
            new Epoch(BinaryPrimitives.ReadInt64LittleEndian(source[24..])),
            BinaryPrimitives.ReadInt64LittleEndian(source[32..]),
            new HybridTimestamp(BinaryPrimitives.ReadInt64LittleEndian(source[40..])),
            BinaryPrimitives.ReadUInt64LittleEndian(source[48..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[56..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[60..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[64..]));
    }

    public static uint BodyChecksum(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt32LittleEndian(frame[BodyChecksumOffset..]);

    /// <summary>What the next frame's chain field must be: both checksums of this one, so that it also covers this one's chain.</summary>
    public static ulong Seal(ReadOnlySpan<byte> frame) =>
        ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(frame[HeaderChecksumOffset..]) << 32) | BodyChecksum(frame);
}
