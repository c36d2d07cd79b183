using System.Buffers;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Remote.Codecs;

/// <summary>Calls as maps of numbered fields: one that is missing has its default, one of a newer silo is skipped.</summary>
internal static class ModelCallCodec
{
    private const int Fields = 14;

    public static void Write(IBufferWriter<byte> buffer, ModelCall call)
    {
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(Fields);
        writer.WriteInt64(1);
        writer.WriteInt64((int)call.Verb);
        writer.WriteInt64(2);
        writer.WriteString(call.Owner);
        writer.WriteInt64(3);
        writer.WriteInt64(call.Version.Value);
        writer.WriteInt64(4);
        if (call.Fingerprint is { } fingerprint) writer.Write(fingerprint);
        else writer.WriteNil();
        writer.WriteInt64(5);
        writer.Write(new MemoryUid(call.Manifest)); // 16 bytes of a digest have the shape of a uid
        writer.WriteInt64(6);
        if (call.Memory is { } memory) writer.Write(memory);
        else writer.WriteNil();
        writer.WriteInt64(7);
        TextCodec.Write(ref writer, call.Text);
        writer.WriteInt64(8);
        writer.WriteUInt64(call.Seed);
        writer.WriteInt64(9);
        OptionsCodec.Write(ref writer, call.Options);
        writer.WriteInt64(10);
        writer.WriteBoolean(call.ReadsBank);
        writer.WriteInt64(11);
        writer.WriteString(call.Flow);
        writer.WriteInt64(12);
        writer.WriteInt64((int)call.Priority);
        writer.WriteInt64(13);
        WriteNames(ref writer, call);
        writer.WriteInt64(14);
        writer.WriteString(call.Trace);
    }

    /// <exception cref="MessagePackFormatException">The bytes are no call.</exception>
    public static ModelCall Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        var call = new ModelCall((ModelVerb)reader.ReadInt32());
        fields.Next(ref reader);
        for (int field = 2; field <= Fields; field++)
        {
            if (!fields.TryField(ref reader, field)) continue;
            call = ReadField(ref reader, field, call);
            fields.Next(ref reader);
        }

        fields.End(ref reader);
        return Enum.IsDefined(call.Verb) && Enum.IsDefined(call.Priority) ? call : throw new MessagePackFormatException($"Verb {(int)call.Verb} or priority {(int)call.Priority} is not known.");
    }

    private static ModelCall ReadField(ref MessagePackReader reader, int field, ModelCall call) => field switch
    {
        2 => call with { Owner = reader.ReadRequiredString() },
        3 => call with { Version = reader.ReadVersion() },
        4 => call with { Fingerprint = reader.TryReadNil() ? null : reader.ReadFingerprint() },
        5 => call with { Manifest = reader.ReadUid().Value },
        6 => call with { Memory = reader.TryReadNil() ? null : reader.ReadUid() },
        7 => call with { Text = TextCodec.Read(ref reader) },
        8 => call with { Seed = reader.ReadUInt64() },
        9 => call with { Options = OptionsCodec.Read(ref reader) },
        10 => call with { ReadsBank = reader.ReadBoolean() },
        11 => call with { Flow = reader.ReadRequiredString() },
        12 => call with { Priority = (RequestPriority)reader.ReadInt32() },
        13 => ReadNames(ref reader, call),
        _ => call with { Trace = reader.ReadString() },
    };

    /// <summary>Reserved blocks as owner and numbers, and memories to forget: both lists in one field, because a verb has one of them.</summary>
    private static void WriteNames(ref MessagePackWriter writer, ModelCall call)
    {
        writer.WriteArrayHeader(2);
        writer.WriteArrayHeader(call.Blocks.Length);
        foreach (BlockId block in call.Blocks) BlockCodec.Write(ref writer, block);
        writer.WriteArrayHeader(call.Forgotten.Length);
        foreach (MemoryUid memory in call.Forgotten) writer.Write(memory);
    }

    private static ModelCall ReadNames(ref MessagePackReader reader, ModelCall call)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), 2, "list of names");
        var blocks = ImmutableArray.CreateBuilder<BlockId>(reader.ReadArrayHeader());
        for (int i = 0; i < blocks.Capacity; i++) blocks.Add(BlockCodec.Read(ref reader));
        var forgotten = ImmutableArray.CreateBuilder<MemoryUid>(reader.ReadArrayHeader());
        for (int i = 0; i < forgotten.Capacity; i++) forgotten.Add(reader.ReadUid());
        return call with { Blocks = blocks.MoveToImmutable(), Forgotten = forgotten.MoveToImmutable() };
    }
}
