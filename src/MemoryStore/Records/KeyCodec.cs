using System.Buffers.Binary;
using System.Collections.Immutable;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Records;

/// <summary>Idempotency keys: beside the write that was made under one, and remembered in the state of its memory.</summary>
internal static class KeyCodec
{
    private const int DigestBytes = 16;
    private const int KeyParts = 2;
    private const int WriteParts = 5;

    /// <summary>Appends a field that only a write under a key has.</summary>
    public static void WriteField(ref MessagePackWriter writer, int field, WriteKey? key)
    {
        if (key is null) return;
        writer.WriteInt64(field);
        writer.WriteArrayHeader(KeyParts);
        writer.WriteString(key.Key);
        Write(ref writer, key.Digest);
    }

    public static WriteKey? ReadField(ref MessagePackReader reader, ref FieldReader fields, int field)
    {
        if (!fields.TryField(ref reader, field)) return null;
        ScalarCodec.Expect(reader.ReadArrayHeader(), KeyParts, "key");
        var key = new WriteKey(reader.ReadString()!, ReadDigest(ref reader));
        fields.Next(ref reader);
        return key;
    }

    public static void WriteWrites(ref MessagePackWriter writer, ImmutableArray<KeyedWrite> writes)
    {
        writer.WriteArrayHeader(writes.Length);
        foreach (KeyedWrite write in writes)
        {
            writer.WriteArrayHeader(WriteParts);
            writer.WriteString(write.Key);
            writer.WriteInt64((byte)write.Verb);
            Write(ref writer, write.Digest);
            writer.WriteInt64(write.Version.Value);
            writer.WriteInt64(write.At.UtcTicks);
        }
    }

    public static ImmutableArray<KeyedWrite> ReadWrites(ref MessagePackReader reader)
    {
        var writes = ImmutableArray.CreateBuilder<KeyedWrite>(reader.ReadArrayHeader());
        for (int i = 0; i < writes.Capacity; i++)
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), WriteParts, "write under a key");
            writes.Add(new KeyedWrite(reader.ReadString()!, ReadVerb(ref reader), ReadDigest(ref reader), reader.ReadVersion(), new HybridTimestamp(reader.ReadInt64())));
        }

        return writes.MoveToImmutable();
    }

    public static void Write(ref MessagePackWriter writer, RequestDigest? digest)
    {
        if (digest is not RequestDigest value)
        {
            writer.WriteNil();
            return;
        }

        Span<byte> bytes = stackalloc byte[DigestBytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value.Value);
        writer.WriteBinary(bytes);
    }

    public static RequestDigest? ReadDigest(ref MessagePackReader reader)
    {
        if (reader.TryReadNil()) return null;
        ReadOnlySpan<byte> bytes = reader.ReadBinary();
        if (bytes.Length != DigestBytes) throw new MessagePackFormatException($"A digest has {DigestBytes} bytes, not {bytes.Length}.");
        return new RequestDigest(BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    private static WriteVerb ReadVerb(ref MessagePackReader reader)
    {
        int verb = reader.ReadInt32();
        return verb is >= (int)WriteVerb.Create and <= (int)WriteVerb.DeleteSnapshot ? (WriteVerb)verb : throw new MessagePackFormatException($"Verb {verb} is not known.");
    }
}
