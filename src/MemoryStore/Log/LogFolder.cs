using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Log;

/// <summary>Names and header of one log's folder: <c>header</c>, <c>commit.ab</c>, <c>log.0</c>, <c>log.1</c>, ...</summary>
/// <remarks>
/// <code>
/// header: u64 magic, u32 format, u32 bytes before each entry, u64 page bytes, u64 segment bytes, 32 bytes salt, zeros, u32 CRC-32C
/// </code>
/// </remarks>
internal static class LogFolder
{
    private const ulong Magic = 0x31474f4c42444c00; // "\0LDBLOG1"
    private const int FormatVersion = 2;
    private const int HeaderBytes = 128;
    private const int SaltOffset = 32;
    private const int SaltBytes = 32;
    private const int ChecksumOffset = HeaderBytes - sizeof(uint);

    public static string SegmentPath(string folder, int segment) => Path.Combine(folder, $"log.{segment}");

    public static string SegmentPrefix(string folder) => Path.Combine(folder, "log");

    public static string CommitPath(string folder) => Path.Combine(folder, "commit.ab");

    public static string HeaderPath(string folder) => Path.Combine(folder, "header");

    /// <summary>Makes the folder of a new, empty log, with a salt that no other log has.</summary>
    public static LogHeader Create(IDisk disk, string folder, LogGeometry geometry)
    {
        if (!LogGeometry.IsPossible(geometry.PageBytes, geometry.SegmentBytes)) throw new ArgumentException($"A log cannot have the sizes {geometry}.", nameof(geometry));
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        byte[] header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), FormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), LogGeometry.EntryHeaderBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), geometry.PageBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), geometry.SegmentBytes);
        salt.CopyTo(header.AsSpan(SaltOffset));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(ChecksumOffset), Checksum.Crc32C(header.AsSpan(0, ChecksumOffset)));
        disk.CreateDurableFolder(folder);
        CommitSlots.Create(disk, CommitPath(folder));
        disk.Create(HeaderPath(folder), header);
        return new LogHeader(geometry, [.. salt]);
    }

    /// <summary>The sizes that a log was made with, and its salt.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format.</exception>
    public static LogHeader Read(IDisk disk, string folder)
    {
        if (!disk.FileExists(HeaderPath(folder))) throw new LatentDbException(ErrorCode.DataDamaged, $"The log folder {Path.GetFileName(folder)} has no header.");
        byte[] header = disk.ReadAll(HeaderPath(folder));
        if (header.Length != HeaderBytes
            || BinaryPrimitives.ReadUInt64LittleEndian(header) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(ChecksumOffset)) != Checksum.Crc32C(header.AsSpan(0, ChecksumOffset)))
        {
            throw Damaged(folder);
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(8));
        if (version != FormatVersion) throw new LatentDbException(ErrorCode.UnsupportedFormat, $"The log has format {version}; this program reads format {FormatVersion}.");
        int entryHeader = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(12));
        long page = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16));
        long segment = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(24));
        if (entryHeader == LogGeometry.EntryHeaderBytes && LogGeometry.IsPossible(page, segment))
        {
            return new LogHeader(new LogGeometry((int)page, page, segment), [.. header.AsSpan(SaltOffset, SaltBytes)]);
        }

        throw new LatentDbException(
            ErrorCode.UnsupportedFormat, $"The log has pages of {page} and segments of {segment} bytes and {entryHeader} bytes before each entry; no log of this program has.");
    }

    /// <summary>
    /// Makes what was found past a log's commit record durable. Whoever wrote it may have been killed before his sync, or told that it failed: then
    /// Linux shows the bytes to readers, but counts them as clean, and a sync alone would succeed without writing them. So they are written once more.
    /// </summary>
    public static void WriteAgain(IDisk disk, string folder, LogGeometry geometry, long from, long until)
    {
        byte[] page = new byte[geometry.PageBytes];
        for (long segment = from / geometry.SegmentBytes; segment <= (until - 1) / geometry.SegmentBytes; segment++)
        {
            long start = segment * geometry.SegmentBytes;
            using IDiskFile file = disk.Open(SegmentPath(folder, (int)segment), DiskAccess.Write);
            for (long at = Math.Max(0, from - start); at < Math.Min(until - start, geometry.SegmentBytes); at += page.Length)
            {
                int bytes = (int)Math.Min(page.Length, Math.Min(until - start, geometry.SegmentBytes) - at);
                file.Write(page.AsSpan(0, file.Read(page.AsSpan(0, bytes), at)), at);
            }

            file.Sync();
        }

        disk.SyncFolder(folder);
    }

    private static LatentDbException Damaged(string folder) => new(ErrorCode.DataDamaged, $"The header of the log {Path.GetFileName(folder)} is damaged.");
}

/// <summary>What a log was made with.</summary>
/// <param name="Geometry">Its sizes.</param>
/// <param name="Salt">32 random bytes of its own, so that keys derived for it are used nowhere else.</param>
internal sealed record LogHeader(LogGeometry Geometry, ImmutableArray<byte> Salt);
