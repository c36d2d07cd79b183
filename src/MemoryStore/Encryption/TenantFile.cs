using System.Buffers;
using System.Buffers.Binary;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>
/// The file <c>keys.tenants</c>, replaced as a whole: the same content twice, one after the other, so that damage in one half costs nothing.
/// <code>
/// 0 u64 magic "\0LDBTENK"   8 u32 format 1   12 u32 payload bytes   16 payload   u32 CRC-32C of all before
/// payload  [next index, [[index, tenant, [[generation, master key id, wrapped key], ...]], ...]]     MessagePack; the shard's own tenant is ""
/// </code>
/// </summary>
internal static class TenantFile
{
    private const ulong Magic = 0x4b4e455442444c00;
    private const uint Format = 1;
    private const int PayloadOffset = 16;
    private const int ChecksumBytes = sizeof(uint);

    public static string PathIn(string folder) => Path.Combine(folder, "keys.tenants");

    /// <summary>Returns when the file holds the table, durable.</summary>
    public static void Write(IDisk disk, string folder, TenantTable table) => disk.Replace(PathIn(folder), Encode(table));

    /// <summary>Reads the file and has the provider unwrap its keys.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format, key_unavailable.</exception>
    public static async Task<TenantTable> ReadAsync(IDisk disk, string folder, IMasterKeyProvider master, CancellationToken cancellationToken)
    {
        string path = PathIn(folder);
        if (!disk.FileExists(path)) throw Damaged("is missing");
        if (disk.LengthOf(path) > EncryptionLimits.MaxTenantFileBytes) throw Damaged("is too long");
        StoredTenants stored = Decode(disk.ReadAll(path));
        var keys = new TenantKey?[stored.Keys.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = EncryptionLimits.CallsAtOnce, CancellationToken = cancellationToken };
        try
        {
            await Parallel.ForAsync(0, keys.Length, options, async (i, token) =>
            {
                StoredTenantKey k = stored.Keys[i];
                keys[i] = await TenantKey.UnwrapAsync(master, k.Wrapped, k.Tenant, k.Generation, token).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }
        catch
        {
            foreach (TenantKey? key in keys) key?.Key.Dispose();
            throw;
        }

        return ToTable(stored, keys);
    }

    /// <summary>Reads both halves; null when they are as they were written, else what is wrong.</summary>
    /// <param name="disk">Where the file is.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="isLost">True when no half is good.</param>
    public static string? WrongWith(IDisk disk, string folder, out bool isLost)
    {
        isLost = true;
        try
        {
            byte[] file = disk.ReadAll(PathIn(folder));
            int half = file.Length / 2;
            bool isFirstWhole = !Payload(file.AsSpan(0, half)).IsEmpty;
            bool isSecondWhole = !Payload(file.AsSpan(half)).IsEmpty;
            isLost = !isFirstWhole && !isSecondWhole;
            if (isLost) return "The file keys.tenants is damaged in both its halves.";
            if (!isFirstWhole || !isSecondWhole) return $"The {(isFirstWhole ? "second" : "first")} half of keys.tenants is damaged.";
            return file.AsSpan(0, half).SequenceEqual(file.AsSpan(half)) ? null : "The halves of keys.tenants differ.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or LatentDbException)
        {
            return $"The file keys.tenants cannot be read: {e.Message}";
        }
    }

    private static TenantTable ToTable(StoredTenants stored, TenantKey?[] keys)
    {
        TenantTable table = TenantTable.Empty;
        for (int i = 0; i < keys.Length; i++)
        {
            StoredTenantKey k = stored.Keys[i];
            TenantEntry entry = table.Find(k.Index) ?? new TenantEntry(k.Index, k.Tenant, []);
            table = table.With(entry with { Keys = entry.Keys.Add(keys[i]!) });
        }

        return table.StartingAt(stored.NextIndex);
    }

    internal static byte[] Encode(TenantTable table)
    {
        var payload = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(payload);
        writer.WriteArrayHeader(2);
        writer.WriteInt64(table.NextIndex);
        writer.WriteArrayHeader(table.Count);
        foreach (TenantEntry entry in table.Entries) WriteEntry(writer, entry);
        int half = PayloadOffset + payload.WrittenCount + ChecksumBytes;
        byte[] file = new byte[half * 2];
        BinaryPrimitives.WriteUInt64LittleEndian(file, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(8), Format);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(12), payload.WrittenCount);
        payload.WrittenSpan.CopyTo(file.AsSpan(PayloadOffset));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(half - ChecksumBytes), Checksum.Crc32C(file.AsSpan(0, half - ChecksumBytes)));
        file.AsSpan(0, half).CopyTo(file.AsSpan(half));
        return file;
    }

    internal static StoredTenants Decode(byte[] file)
    {
        ReadOnlySpan<byte> payload = Payload(file.AsSpan(0, file.Length / 2));
        if (payload.IsEmpty) payload = Payload(file.AsSpan(file.Length / 2));
        if (payload.IsEmpty) throw Damaged("is damaged in both its halves");
        try
        {
            return ReadPayload(payload);
        }
        catch (MessagePackFormatException e)
        {
            throw Damaged("does not hold tenants", e);
        }
    }

    private static void WriteEntry(MessagePackWriter writer, TenantEntry entry)
    {
        writer.WriteArrayHeader(3);
        writer.WriteInt64(entry.Index);
        writer.WriteString(entry.Name);
        writer.WriteArrayHeader(entry.Keys.Length);
        foreach (TenantKey key in entry.Keys)
        {
            writer.WriteArrayHeader(3);
            writer.WriteInt64(key.Generation);
            writer.WriteString(key.Wrapped.MasterKeyId);
            writer.WriteBinary(key.Wrapped.Bytes);
        }
    }

    /// <summary>The payload of one half; empty when it does not verify.</summary>
    private static ReadOnlySpan<byte> Payload(ReadOnlySpan<byte> half)
    {
        if (half.Length < PayloadOffset + ChecksumBytes || BinaryPrimitives.ReadUInt64LittleEndian(half) != Magic) return [];
        int length = BinaryPrimitives.ReadInt32LittleEndian(half[12..]);
        if (length <= 0 || length != half.Length - PayloadOffset - ChecksumBytes) return [];
        if (BinaryPrimitives.ReadUInt32LittleEndian(half[^ChecksumBytes..]) != Checksum.Crc32C(half[..^ChecksumBytes])) return [];
        uint format = BinaryPrimitives.ReadUInt32LittleEndian(half[8..]);
        if (format != Format) throw new LatentDbException(ErrorCode.UnsupportedFormat, $"The file of tenant keys has format {format}; this program reads {Format}.");
        return half.Slice(PayloadOffset, length);
    }

    private static StoredTenants ReadPayload(ReadOnlySpan<byte> payload)
    {
        var reader = new MessagePackReader(payload);
        Expect(reader.ReadArrayHeader(), 2);
        int next = reader.ReadInt32();
        int tenants = reader.ReadArrayHeader();
        var keys = new List<StoredTenantKey>(tenants);
        for (int i = 0; i < tenants; i++)
        {
            Expect(reader.ReadArrayHeader(), 3);
            int index = reader.ReadInt32();
            string name = reader.ReadRequiredString();
            int generations = reader.ReadArrayHeader();
            for (int g = 0; g < generations; g++)
            {
                Expect(reader.ReadArrayHeader(), 3);
                keys.Add(new StoredTenantKey(index, name, reader.ReadInt32(), new WrappedKey(reader.ReadRequiredString(), reader.ReadBinary().ToArray())));
            }
        }

        if (!reader.IsAtEnd) throw new MessagePackFormatException("There is more after the tenants.");
        Check(next, keys);
        return new StoredTenants(next, keys);
    }

    /// <summary>Ascending indexes and generations, one name each, the shard itself first.</summary>
    private static void Check(int next, List<StoredTenantKey> keys)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var before = new StoredTenantKey(-1, "", 0, new WrappedKey("", []));
        foreach (StoredTenantKey key in keys)
        {
            bool isNext = key.Index > before.Index && names.Add(key.Tenant);
            bool isNewer = key.Index == before.Index && key.Tenant == before.Tenant && key.Generation > before.Generation;
            if (key.Generation < 1 || !(isNext || isNewer)) throw new MessagePackFormatException($"Generation {key.Generation} of tenant {key.Index} stands in the wrong place.");
            before = key;
        }

        bool hasShard = keys.Count > 0 && keys[0].Index == TenantTable.ShardIndex && keys[0].Tenant == TenantTable.ShardName;
        if (!hasShard || next <= before.Index) throw new MessagePackFormatException("The shard's own key is missing, or the next index is taken.");
    }

    private static void Expect(int length, int expected)
    {
        if (length != expected) throw new MessagePackFormatException($"An array of {length} items where {expected} must stand.");
    }

    private static LatentDbException Damaged(string what, Exception? cause = null) =>
        new(ErrorCode.DataDamaged, $"The file of tenant keys {what}; the shard is not opened, because nothing in it could be read.", cause);
}

/// <summary>What the file of tenant keys says, before anything is unwrapped.</summary>
internal sealed record StoredTenants(int NextIndex, IReadOnlyList<StoredTenantKey> Keys);

/// <summary>One generation of one tenant's key, wrapped.</summary>
internal sealed record StoredTenantKey(int Index, string Tenant, int Generation, WrappedKey Wrapped);
