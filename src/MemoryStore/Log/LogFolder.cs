using System.Buffers.Binary;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Log;

/// <summary>Names and header of one log's folder: <c>header</c>, <c>commit.ab</c>, <c>log.0</c>, <c>log.1</c>, ...</summary>
internal static class LogFolder
{
    private const ulong Magic = 0x31474f4c42444c00; // "\0LDBLOG1"
    private const int FormatVersion = 1;
    private const int HeaderBytes = 64;

    public static string SegmentPath(string folder, int segment) => Path.Combine(folder, $"log.{segment}");

    public static string SegmentPrefix(string folder) => Path.Combine(folder, "log");

    public static string CommitPath(string folder) => Path.Combine(folder, "commit.ab");

    private static string HeaderPath(string folder) => Path.Combine(folder, "header");

    /// <summary>Makes the folder of a new, empty log.</summary>
    public static void Create(string folder, LogGeometry geometry)
    {
        DurableFile.CreateFolder(folder);
        CommitSlots.Create(CommitPath(folder));
        Span<byte> header = stackalloc byte[HeaderBytes];
        header.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], FormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], LogGeometry.EntryHeaderBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], geometry.PageBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], geometry.SegmentBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header[60..], Checksum.Crc32C(header[..60]));
        DurableFile.Create(HeaderPath(folder), header);
    }

    /// <summary>Refuses a folder whose sizes differ from those this program reads with: addresses would mean other places.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format.</exception>
    public static void Check(string folder, LogGeometry geometry)
    {
        if (!File.Exists(HeaderPath(folder))) throw new LatentDbException(ErrorCode.DataDamaged, $"The log folder {Path.GetFileName(folder)} has no header.");
        byte[] header = File.ReadAllBytes(HeaderPath(folder));
        if (header.Length != HeaderBytes
            || BinaryPrimitives.ReadUInt64LittleEndian(header) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(60)) != Checksum.Crc32C(header.AsSpan(0, 60)))
        {
            throw new LatentDbException(ErrorCode.DataDamaged, $"The header of the log {Path.GetFileName(folder)} is damaged.");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(8));
        int entryHeader = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(12));
        long page = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16));
        long segment = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(24));
        if (version == FormatVersion && entryHeader == LogGeometry.EntryHeaderBytes && page == geometry.PageBytes && segment == geometry.SegmentBytes) return;
        throw new LatentDbException(
            ErrorCode.UnsupportedFormat,
            $"The log has format {version}, pages of {page} and segments of {segment} bytes; this program reads format {FormatVersion} with {geometry.PageBytes} and {geometry.SegmentBytes}.");
    }
}
