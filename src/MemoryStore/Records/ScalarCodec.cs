using System.Buffers.Binary;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Records;

/// <summary>Identifiers inside payloads.</summary>
public static class ScalarCodec
{
    private const int UidBytes = 16;
    private const int FingerprintBytes = 32;
    private const int ForkSourceParts = 2;

    public static void Write(this ref MessagePackWriter writer, MemoryUid uid)
    {
        Span<byte> bytes = stackalloc byte[UidBytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, uid.Value);
        writer.WriteBinary(bytes);
    }

    public static MemoryUid ReadUid(this ref MessagePackReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.ReadBinary();
        if (bytes.Length != UidBytes) throw new MessagePackFormatException($"A memory uid has 16 bytes, not {bytes.Length}.");
        return new MemoryUid(BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    public static void Write(this ref MessagePackWriter writer, ModelFingerprint fingerprint) =>
        writer.WriteBinary(Convert.FromHexString(fingerprint.Value));

    public static ModelFingerprint ReadFingerprint(this ref MessagePackReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.ReadBinary();
        if (bytes.Length != FingerprintBytes) throw new MessagePackFormatException($"A fingerprint has 32 bytes, not {bytes.Length}.");
        return ModelFingerprint.Parse(Convert.ToHexStringLower(bytes));
    }

    public static void Write(this ref MessagePackWriter writer, MemoryKey key)
    {
        writer.WriteArrayHeader(2);
        writer.WriteString(key.Tenant.Value);
        writer.WriteString(key.Memory.Value);
    }

    public static MemoryKey ReadKey(this ref MessagePackReader reader)
    {
        Expect(reader.ReadArrayHeader(), 2, "memory key");
        return new MemoryKey(TenantId.Parse(reader.ReadString()), MemoryId.Parse(reader.ReadString()));
    }

    public static void Write(this ref MessagePackWriter writer, VersionNumber? number)
    {
        if (number is VersionNumber value) writer.WriteInt64(value.Value);
        else writer.WriteNil();
    }

    public static VersionNumber? ReadOptionalVersion(this ref MessagePackReader reader) => reader.TryReadNil() ? null : reader.ReadVersion();

    public static VersionNumber ReadVersion(this ref MessagePackReader reader)
    {
        long value = reader.ReadInt64();
        return value >= 1 ? new VersionNumber(value) : throw new MessagePackFormatException($"{value} is no version number.");
    }

    public static VersionCause ReadCause(this ref MessagePackReader reader)
    {
        // Compared before the cast: the enumeration is a byte, and 257 would pass for 1.
        int cause = reader.ReadInt32();
        return cause is >= (int)VersionCause.Create and <= (int)VersionCause.Import
            ? (VersionCause)cause
            : throw new MessagePackFormatException($"Cause {cause} is not known.");
    }

    public static void Write(this ref MessagePackWriter writer, ForkSource? source)
    {
        if (source is null)
        {
            writer.WriteNil();
            return;
        }

        writer.WriteArrayHeader(ForkSourceParts);
        writer.Write(source.Memory);
        writer.WriteInt64(source.Version.Value);
    }

    public static ForkSource? ReadForkSource(this ref MessagePackReader reader)
    {
        if (reader.TryReadNil()) return null;
        Expect(reader.ReadArrayHeader(), ForkSourceParts, "fork source");
        return new ForkSource(reader.ReadKey(), reader.ReadVersion());
    }

    public static void Expect(int found, int wanted, string noun)
    {
        if (found != wanted) throw new MessagePackFormatException($"A {noun} has {wanted} parts, not {found}.");
    }
}
