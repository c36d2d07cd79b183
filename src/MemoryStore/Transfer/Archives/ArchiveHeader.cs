using System.Buffers;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Transfer.Archives;

/// <summary>The part of an archive that is never encrypted: who made it when, and how the rest is protected.</summary>
/// <param name="CreatedBy">Program and version.</param>
/// <param name="CreatedAt">When the export began.</param>
/// <param name="Protection">How the records are sealed.</param>
internal sealed record ArchiveHeader(string CreatedBy, HybridTimestamp CreatedAt, ArchiveProtection Protection)
{
    public byte[] Encode()
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(Protection is NoProtection ? 3 : 4);
        writer.WriteInt64(1);
        writer.WriteString(CreatedBy);
        writer.WriteInt64(2);
        writer.WriteInt64(CreatedAt.UtcTicks);
        writer.WriteInt64(3);
        writer.WriteInt64((int)Protection.Kind);
        WriteProtection(ref writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="Errors.LatentDbException">archive_invalid.</exception>
    public static ArchiveHeader Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new MessagePackReader(bytes);
            FieldReader fields = FieldReader.Begin(ref reader);
            fields.Field(ref reader, 1);
            string createdBy = reader.ReadRequiredString();
            fields.Next(ref reader);
            fields.Field(ref reader, 2);
            long createdAt = reader.ReadInt64();
            fields.Next(ref reader);
            fields.Field(ref reader, 3);
            var kind = (ProtectionKind)reader.ReadInt32();
            fields.Next(ref reader);
            ArchiveProtection protection = ReadProtection(ref reader, ref fields, kind);
            fields.End(ref reader);
            if (!reader.IsAtEnd) throw new MessagePackFormatException("Bytes follow the header.");
            if (createdAt < 0 || createdAt > DateTime.MaxValue.Ticks) throw new MessagePackFormatException($"{createdAt} is no time.");
            return new ArchiveHeader(createdBy, new HybridTimestamp(createdAt), protection);
        }
        catch (MessagePackFormatException e)
        {
            throw ArchiveErrors.Invalid($"has a header that cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    private void WriteProtection(ref MessagePackWriter writer)
    {
        switch (Protection)
        {
            case PassphraseProtection p:
                writer.WriteInt64(4);
                writer.WriteArrayHeader(2);
                writer.WriteBinary(p.Salt);
                writer.WriteInt64(p.Rounds);
                break;
            case RecipientProtection r:
                writer.WriteInt64(5);
                writer.WriteArrayHeader(3);
                writer.WriteBinary(r.Salt);
                writer.WriteBinary(r.EphemeralPoint);
                writer.WriteBinary(r.RecipientMark);
                break;
        }
    }

    private static ArchiveProtection ReadProtection(ref MessagePackReader reader, ref FieldReader fields, ProtectionKind kind)
    {
        switch (kind)
        {
            case ProtectionKind.None:
                return NoProtection.Instance;
            case ProtectionKind.Passphrase:
                fields.Field(ref reader, 4);
                ScalarCodec.Expect(reader.ReadArrayHeader(), 2, "passphrase protection");
                var passphrase = new PassphraseProtection(Exactly(reader.ReadBinary(), ArchiveProtection.SaltBytes), reader.ReadInt32());
                fields.Next(ref reader);
                return passphrase.Rounds is >= 1 and <= TransferLimits.MaxPassphraseRounds
                    ? passphrase
                    : throw new MessagePackFormatException($"{passphrase.Rounds} rounds of PBKDF2; at most {TransferLimits.MaxPassphraseRounds} are run.");
            case ProtectionKind.Recipient:
                fields.Field(ref reader, 5);
                ScalarCodec.Expect(reader.ReadArrayHeader(), 3, "recipient protection");
                var recipient = new RecipientProtection(
                    Exactly(reader.ReadBinary(), ArchiveProtection.SaltBytes),
                    Exactly(reader.ReadBinary(), RecipientProtection.PointBytes),
                    Exactly(reader.ReadBinary(), RecipientProtection.MarkBytes));
                fields.Next(ref reader);
                return recipient;
            default:
                throw new MessagePackFormatException($"Protection {(int)kind} is not known.");
        }
    }

    private static byte[] Exactly(ReadOnlySpan<byte> bytes, int length) =>
        bytes.Length == length ? bytes.ToArray() : throw new MessagePackFormatException($"{bytes.Length} bytes where {length} must stand.");
}
