using System.Buffers.Binary;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Telemetry;

namespace LatentDb.MemoryStore.Log;

/// <summary>
/// The file <c>commit.ab</c>: two slots, written in turn, of two copies each, 4 KiB a copy, all prewritten so that a sync never changes metadata.
/// <code>
/// 0 slot A copy 1 | 4096 slot A copy 2 | 8192 slot B copy 1 | 12288 slot B copy 2
/// copy: u64 magic, u32 format, u32 0, i64 number, i64 until, i32 cookie bytes, i32 metadata bytes, cookie, metadata, zeros, u32 CRC-32C
/// </code>
/// A power cut while slot A is written leaves slot B whole. One damaged copy is read from the other. A slot without any good copy was either
/// being written (then nothing of it was acknowledged) or is lost; the two cannot be told apart here, so the reader must look past the other
/// slot's address. No good copy at all: refuse.
/// </summary>
internal sealed class CommitSlots : IDisposable
{
    private const ulong Magic = 0x3154494d4d4f4300; // "\0COMMIT1"
    private const int FormatVersion = 1;
    private const int CopyBytes = 4096;
    private const int Copies = 2;
    private const int Slots = 2;
    private const int HeaderBytes = 40;
    private const int ChecksumOffset = CopyBytes - sizeof(uint);
    private const int MaxContentBytes = ChecksumOffset - HeaderBytes;

    private readonly IDiskFile _file;
    private readonly byte[] _buffer = new byte[CopyBytes * Copies];

    private CommitSlots(IDiskFile file) => _file = file;

    /// <summary>Creates the file with two valid, empty commits: afterwards an empty slot can only be damage.</summary>
    public static void Create(IDisk disk, string path)
    {
        byte[] content = new byte[CopyBytes * Copies * Slots];
        Fill(content.AsSpan(0, CopyBytes * Copies), new CommitSlot(0, LogGeometry.FirstAddress, [], []));
        Fill(content.AsSpan(CopyBytes * Copies), new CommitSlot(-1, LogGeometry.FirstAddress, [], []));
        disk.Create(path, content);
    }

    /// <summary>Opens the file for writing; the caller owns the log.</summary>
    public static CommitSlots OpenForWriting(IDisk disk, string path) => new(disk.Open(path, DiskAccess.Write));

    /// <exception cref="LatentDbException">data_damaged when no copy verifies.</exception>
    public static CommitSlotReading Read(IDisk disk, string path) => Read(ReadWhole(disk, path));

    /// <summary>The same from the file's bytes.</summary>
    /// <exception cref="LatentDbException">data_damaged when no copy verifies.</exception>
    public static CommitSlotReading Read(byte[] bytes)
    {
        CommitSlot? a = ReadSlot(bytes, 0);
        CommitSlot? b = ReadSlot(bytes, 1);
        CommitSlot newest = (a, b) switch
        {
            (null, null) => throw new LatentDbException(
                ErrorCode.DataDamaged, "All four copies of the commit record are damaged or missing; the shard is not opened, because it would look empty."),
            (null, _) => b,
            (_, null) => a,
            _ => a.Number > b.Number ? a : b,
        };
        return new CommitSlotReading(newest, IsCertain: a is not null && b is not null);
    }

    /// <summary>Bytes of the file.</summary>
    public static int FileBytes => CopyBytes * Copies * Slots;

    /// <summary>Looks at every copy.</summary>
    /// <exception cref="LatentDbException">data_damaged when no copy verifies, or the file is missing.</exception>
    public static CommitSlotCheck Check(IDisk disk, string path)
    {
        CommitSlot newest = Read(disk, path).Newest;
        byte[] bytes = ReadWhole(disk, path);
        int[] damaged = [.. Enumerable.Range(0, Copies * Slots).Where(copy => ReadCopy(bytes.AsSpan(copy * CopyBytes, CopyBytes), copy / Copies) is null)];
        return new CommitSlotCheck(newest, [.. damaged]);
    }

    /// <summary>Returns when the commit is on stable storage.</summary>
    /// <exception cref="IOException">It may or may not be: write nothing more.</exception>
    public void Write(CommitSlot slot)
    {
        Fill(_buffer, slot);
        _file.Write(_buffer, (slot.Number & 1) * CopyBytes * Copies);
        StoreMetrics.TimeSync(_file.Sync);
    }

    public void Dispose() => _file.Dispose();

    private static byte[] ReadWhole(IDisk disk, string path)
    {
        byte[] bytes = new byte[CopyBytes * Copies * Slots];
        if (!disk.FileExists(path)) throw new LatentDbException(ErrorCode.DataDamaged, "The commit record is missing; the shard is not opened, because it would look empty.");
        using IDiskFile file = disk.Open(path, DiskAccess.Read);
        _ = file.Read(bytes, 0);
        return bytes;
    }

    private static void Fill(Span<byte> copies, CommitSlot slot)
    {
        int content = slot.Cookie.Length + slot.Metadata.Length;
        if (content > MaxContentBytes) throw new InvalidOperationException($"A commit record of {content} bytes does not fit {MaxContentBytes}.");
        Span<byte> copy = copies[..CopyBytes];
        copy.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(copy, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(copy[8..], FormatVersion);
        BinaryPrimitives.WriteInt64LittleEndian(copy[16..], slot.Number);
        BinaryPrimitives.WriteInt64LittleEndian(copy[24..], slot.Until);
        BinaryPrimitives.WriteInt32LittleEndian(copy[32..], slot.Cookie.Length);
        BinaryPrimitives.WriteInt32LittleEndian(copy[36..], slot.Metadata.Length);
        slot.Cookie.CopyTo(copy[HeaderBytes..]);
        slot.Metadata.CopyTo(copy[(HeaderBytes + slot.Cookie.Length)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(copy[ChecksumOffset..], Checksum.Crc32C(copy[..ChecksumOffset]));
        copy.CopyTo(copies[CopyBytes..]);
    }

    private static CommitSlot? ReadSlot(byte[] bytes, int slot)
    {
        int start = slot * CopyBytes * Copies;
        CommitSlot? first = ReadCopy(bytes.AsSpan(start, CopyBytes), slot);
        CommitSlot? second = ReadCopy(bytes.AsSpan(start + CopyBytes, CopyBytes), slot);
        if (first is null || second is null) return first ?? second;
        return first.Number >= second.Number ? first : second;
    }

    private static CommitSlot? ReadCopy(ReadOnlySpan<byte> copy, int slot)
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(copy) != Magic) return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(copy[ChecksumOffset..]) != Checksum.Crc32C(copy[..ChecksumOffset])) return null;
        int version = BinaryPrimitives.ReadInt32LittleEndian(copy[8..]);
        if (version != FormatVersion) throw new LatentDbException(ErrorCode.UnsupportedFormat, $"The commit record has format {version}; this program reads {FormatVersion}.");
        long number = BinaryPrimitives.ReadInt64LittleEndian(copy[16..]);
        int cookie = BinaryPrimitives.ReadInt32LittleEndian(copy[32..]);
        int metadata = BinaryPrimitives.ReadInt32LittleEndian(copy[36..]);
        if ((number & 1) != slot || cookie < 0 || metadata < 0 || (long)cookie + metadata > MaxContentBytes) return null;
        ReadOnlySpan<byte> content = copy[HeaderBytes..];
        return new CommitSlot(
            number, BinaryPrimitives.ReadInt64LittleEndian(copy[24..]), content[..cookie].ToArray(), content.Slice(cookie, metadata).ToArray());
    }
}

/// <summary>One commit as the slot file remembers it.</summary>
/// <param name="Number">Counts commits; even numbers stand in slot A, odd ones in slot B.</param>
/// <param name="Until">Address up to which the log is committed.</param>
/// <param name="Cookie">What the owner said about the commit.</param>
/// <param name="Metadata">The engine's own words, kept for it.</param>
internal sealed record CommitSlot(long Number, long Until, byte[] Cookie, byte[] Metadata);

/// <summary>What the slot file of a log tells.</summary>
/// <param name="Newest">The newest commit that verifies.</param>
/// <param name="IsCertain">False when a whole slot is lost: it may have held a newer commit, so frames after <paramref name="Newest"/> count as well.</param>
internal sealed record CommitSlotReading(CommitSlot Newest, bool IsCertain);

/// <summary>What a look at every copy found.</summary>
/// <param name="Newest">The newest commit that verifies; null when none does.</param>
/// <param name="DamagedCopies">Copies that do not verify, 0 to 3 in the order of the file.</param>
internal sealed record CommitSlotCheck(CommitSlot? Newest, ImmutableArray<int> DamagedCopies);
