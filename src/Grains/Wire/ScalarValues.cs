using System.Buffers.Binary;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;

namespace LatentDb.Grains.Wire;

/// <summary>Values that are one MessagePack value each. Names are checked by their own rules when they are read.</summary>
internal static class ScalarValues
{
    private const int UidBytes = 16;

    public static bool ReadBoolean(ref MessagePackReader reader) => reader.ReadBoolean();

    public static int ReadInt32(ref MessagePackReader reader) => reader.ReadInt32();

    public static long ReadInt64(ref MessagePackReader reader) => reader.ReadInt64();

    public static ulong ReadUInt64(ref MessagePackReader reader) => reader.ReadUInt64();

    public static float ReadSingle(ref MessagePackReader reader) => reader.ReadSingle();

    public static string ReadText(ref MessagePackReader reader) => reader.ReadRequiredString();

    public static TimeSpan ReadDuration(ref MessagePackReader reader) => new(reader.ReadInt64());

    public static HybridTimestamp ReadTime(ref MessagePackReader reader) => new(reader.ReadInt64());

    /// <summary>Any number: a caller may ask for version 0, and the memory tells him that there is none.</summary>
    public static VersionNumber ReadVersion(ref MessagePackReader reader) => new(reader.ReadInt64());

    public static VersionNumber? ReadOptionalVersion(ref MessagePackReader reader) => reader.TryReadNil() ? null : ReadVersion(ref reader);

    public static SnapshotName ReadSnapshotName(ref MessagePackReader reader) => SnapshotName.Parse(reader.ReadString());

    public static TenantId ReadTenant(ref MessagePackReader reader) => TenantId.Parse(reader.ReadString());

    public static MemoryId ReadMemory(ref MessagePackReader reader) => MemoryId.Parse(reader.ReadString());

    public static MemoryKey ReadKey(ref MessagePackReader reader) => ScalarCodec.ReadKey(ref reader);

    public static MemoryUid ReadUid(ref MessagePackReader reader) => ScalarCodec.ReadUid(ref reader);

    public static OperationUid ReadOperation(ref MessagePackReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.ReadBinary();
        if (bytes.Length != UidBytes) throw new MessagePackFormatException($"The name of an operation has {UidBytes} bytes, not {bytes.Length}.");
        return new OperationUid(new Guid(bytes, bigEndian: true));
    }

    public static BlockId ReadBlock(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), 2, "block id");
        return new BlockId(reader.ReadUid(), reader.ReadInt64());
    }

    public static UInt128 ReadWide(ref MessagePackReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.ReadBinary();
        if (bytes.Length != UidBytes) throw new MessagePackFormatException($"A digest has {UidBytes} bytes, not {bytes.Length}.");
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    public static void Write(ref MessagePackWriter writer, bool value) => writer.WriteBoolean(value);

    public static void Write(ref MessagePackWriter writer, int value) => writer.WriteInt64(value);

    public static void Write(ref MessagePackWriter writer, float value) => writer.WriteSingle(value);

    public static void Write(ref MessagePackWriter writer, string value) => writer.WriteString(value);

    public static void Write(ref MessagePackWriter writer, TimeSpan value) => writer.WriteInt64(value.Ticks);

    public static void Write(ref MessagePackWriter writer, HybridTimestamp value) => writer.WriteInt64(value.UtcTicks);

    public static void Write(ref MessagePackWriter writer, VersionNumber value) => writer.WriteInt64(value.Value);

    public static void Write(ref MessagePackWriter writer, VersionNumber? value) => ScalarCodec.Write(ref writer, value);

    public static void Write(ref MessagePackWriter writer, SnapshotName value) => writer.WriteString(value.Value);

    public static void Write(ref MessagePackWriter writer, TenantId value) => writer.WriteString(value.Value);

    public static void Write(ref MessagePackWriter writer, MemoryId value) => writer.WriteString(value.Value);

    public static void Write(ref MessagePackWriter writer, MemoryKey value) => ScalarCodec.Write(ref writer, value);

    public static void Write(ref MessagePackWriter writer, MemoryUid value) => ScalarCodec.Write(ref writer, value);

    public static void Write(ref MessagePackWriter writer, OperationUid value)
    {
        Span<byte> bytes = stackalloc byte[UidBytes];
        value.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        writer.WriteBinary(bytes);
    }

    public static void Write(ref MessagePackWriter writer, BlockId value)
    {
        writer.WriteArrayHeader(2);
        writer.Write(value.Owner);
        writer.WriteInt64(value.Sequence);
    }

    public static void Write(ref MessagePackWriter writer, UInt128 value)
    {
        Span<byte> bytes = stackalloc byte[UidBytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        writer.WriteBinary(bytes);
    }
}
