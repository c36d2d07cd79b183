using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.Grains.Wire;

/// <summary>What goes with an archive; the archive itself is a stream of its own.</summary>
internal static class ArchiveCommandCodec
{
    public static void Write(ref MessagePackWriter writer, ExportCommand command)
    {
        writer.WriteMapHeader(3);
        writer.Field(1, command.At, OriginCodec.WriteSelector);
        writer.Field(2, command.Passphrase);
        writer.Field(3, command.RecipientPublicKey);
    }

    public static ExportCommand ReadExport(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var command = new ExportCommand
        {
            At = fields.Optional(ref reader, 1, OriginCodec.ReadSelector),
            Passphrase = fields.Optional(ref reader, 2, ScalarValues.ReadText),
            RecipientPublicKey = fields.Optional(ref reader, 3, ScalarValues.ReadText),
        };
        fields.End(ref reader);
        return command;
    }

    public static void Write(ref MessagePackWriter writer, ImportCommand command)
    {
        writer.WriteMapHeader(4);
        writer.Field(1, command.Passphrase);
        writer.Field(2, command.PrivateKey);
        writer.Field(3, command.Origin, OriginCodec.Write);
        writer.Field(4, command.Fork, ChangeCommandCodec.Write);
    }

    public static ImportCommand ReadImport(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var command = new ImportCommand
        {
            Passphrase = fields.Optional(ref reader, 1, ScalarValues.ReadText),
            PrivateKey = fields.Optional(ref reader, 2, ScalarValues.ReadText),
            Origin = fields.Required(ref reader, 3, OriginCodec.Read),
            Fork = fields.Optional(ref reader, 4, ChangeCommandCodec.ReadFork),
        };
        fields.End(ref reader);
        return command;
    }
}
