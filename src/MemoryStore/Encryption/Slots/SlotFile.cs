using System.Buffers.Binary;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Encryption.Slots;

/// <summary>
/// One copy of the slots: a header block of 4096 bytes, then slots of 128 bytes.
/// <code>
/// 0 u64 magic "\0LDBKEYS"   8 u32 format 1   12 u32 bytes of a slot (128)   16 i32 slots   20 zeros   124 u32 CRC-32C of bytes 0..123
/// </code>
/// </summary>
internal sealed class SlotFile : IDisposable
{
    /// <summary>A block of its own, so that a torn header tears no slot.</summary>
    public const int HeaderBytes = 4096;

    private const ulong Magic = 0x5359454b42444c00;
    private const uint Format = 1;
    private const int CountOffset = 16;
    private const int ChecksumOffset = 124;
    private const int CheckedBytes = 128;

    private readonly IDisk _disk;
    private readonly string _path;
    private readonly IDiskFile? _reading;
    private IDiskFile? _writing;

    /// <summary>Opens a copy for reading, and for writing with the first write. A missing file is a copy of which nothing verifies.</summary>
    public SlotFile(IDisk disk, string path)
    {
        _disk = disk;
        _path = path;
        _reading = disk.FileExists(path) ? disk.Open(path, DiskAccess.Read) : null;
        Count = ReadCount();
    }

    /// <summary>Slots that the header names; null when the header does not verify.</summary>
    public int? Count { get; private set; }

    public string Name => Path.GetFileName(_path);

    public static long OffsetOf(int slot) => HeaderBytes + ((long)slot * KeySlot.Bytes);

    /// <summary>The header block of a file with that many slots.</summary>
    public static byte[] Header(int count)
    {
        byte[] header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), Format);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), KeySlot.Bytes);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(CountOffset), count);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(ChecksumOffset), Checksum.Crc32C(header.AsSpan(0, ChecksumOffset)));
        return header;
    }

    /// <summary>Reads the header block again; null when it is as it was written, else what is wrong with it.</summary>
    public string? WrongWithHeader(int count)
    {
        if (!_disk.FileExists(_path)) return "is missing";
        byte[] header = new byte[HeaderBytes];
        if (_reading is null || _reading.Read(header, 0) < HeaderBytes) return "is too short";
        return header.AsSpan().SequenceEqual(Header(count)) ? null : "has a damaged header";
    }

    /// <summary>Reads slots from that one on; what the file does not have becomes zeros, which verify as nothing.</summary>
    public void Read(int first, Span<byte> slots)
    {
        int read = _reading?.Read(slots, OffsetOf(first)) ?? 0;
        slots[read..].Clear();
    }

    public void Write(int first, ReadOnlySpan<byte> slots) => Writing().Write(slots, OffsetOf(first));

    public void WriteCount(int count)
    {
        Writing().Write(Header(count), 0);
        Count = count;
    }

    public void Sync() => Writing().Sync();

    public void Dispose()
    {
        _reading?.Dispose();
        _writing?.Dispose();
    }

    private IDiskFile Writing() => _writing ??= _disk.Open(_path, DiskAccess.Write);

    private int? ReadCount()
    {
        Span<byte> header = stackalloc byte[CheckedBytes];
        if (_reading is null || _reading.Read(header, 0) < CheckedBytes) return null;
        if (BinaryPrimitives.ReadUInt64LittleEndian(header) != Magic) return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[ChecksumOffset..]) != Checksum.Crc32C(header[..ChecksumOffset])) return null;
        uint format = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (format != Format) throw new LatentDbException(ErrorCode.UnsupportedFormat, $"The key file has format {format}; this program reads {Format}.");
        int count = BinaryPrimitives.ReadInt32LittleEndian(header[CountOffset..]);
        return count is >= 0 and <= EncryptionLimits.MaxSlots ? count : null;
    }
}
