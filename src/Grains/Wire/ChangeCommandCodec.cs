using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.Grains.Wire;

/// <summary>Commands that make, change and end a memory without the model.</summary>
internal static class ChangeCommandCodec
{
    public static void Write(ref MessagePackWriter writer, CreateMemoryCommand command)
    {
        writer.WriteMapHeader(2);
        writer.Field(1, command.Metadata);
        writer.Field(2, command.Origin, OriginCodec.Write);
    }

    public static CreateMemoryCommand ReadCreate(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var command = new CreateMemoryCommand(fields.Optional(ref reader, 1, ScalarValues.ReadText), fields.Required(ref reader, 2, OriginCodec.Read));
        fields.End(ref reader);
        return command;
    }

    public static void Write(ref MessagePackWriter writer, ForkCommand command)
    {
        writer.WriteMapHeader(4);
        writer.Field(1, command.Source, ScalarValues.Write);
        writer.Field(2, command.At, OriginCodec.WriteSelector);
        writer.Field(3, command.Metadata);
        writer.Field(4, command.Origin, OriginCodec.Write);
    }

    public static ForkCommand ReadFork(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var command = new ForkCommand(
            fields.Required(ref reader, 1, ScalarValues.ReadKey),
            fields.Required(ref reader, 2, OriginCodec.ReadSelector),
            fields.Optional(ref reader, 3, ScalarValues.ReadText),
            fields.Required(ref reader, 4, OriginCodec.Read));
        fields.End(ref reader);
        return command;
    }

    public static void Write(ref MessagePackWriter writer, EraseCommand command)
    {
        writer.WriteMapHeader(2);
        writer.Field(1, command.ExpectedHead);
        writer.Field(2, command.Origin, OriginCodec.Write);
    }

    public static EraseCommand ReadErase(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var command = new EraseCommand(fields.OptionalOf(ref reader, 1, ScalarValues.ReadVersion), fields.Required(ref reader, 2, OriginCodec.Read));
        fields.End(ref reader);
        return command;
    }

    public static void Write(ref MessagePackWriter writer, RollbackCommand command)
    {
        writer.WriteMapHeader(3);
        writer.Field(1, command.To, OriginCodec.WriteSelector);
        writer.Field(2, command.ExpectedHead);
        writer.Field(3, command.Origin, OriginCodec.Write);
    }

    public static RollbackCommand ReadRollback(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var command = new RollbackCommand(
            fields.Required(ref reader, 1, OriginCodec.ReadSelector),
            fields.OptionalOf(ref reader, 2, ScalarValues.ReadVersion),
            fields.Required(ref reader, 3, OriginCodec.Read));
        fields.End(ref reader);
        return command;
    }

    public static void Write(ref MessagePackWriter writer, SnapshotCommand command)
    {
        writer.WriteMapHeader(4);
        writer.Field(1, command.Name.Value);
        writer.Field(2, command.At, OriginCodec.WriteSelector);
        writer.Field(3, command.ExpectedHead);
        writer.Field(4, command.Origin, OriginCodec.Write);
    }

    public static SnapshotCommand ReadSnapshot(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var command = new SnapshotCommand(
            fields.Required(ref reader, 1, ScalarValues.ReadSnapshotName),
            fields.Required(ref reader, 2, OriginCodec.ReadSelector),
            fields.OptionalOf(ref reader, 3, ScalarValues.ReadVersion),
            fields.Required(ref reader, 4, OriginCodec.Read));
        fields.End(ref reader);
        return command;
    }

    public static void Write(ref MessagePackWriter writer, DeleteSnapshotCommand command)
    {
        writer.WriteMapHeader(2);
        writer.Field(1, command.Name.Value);
        writer.Field(2, command.Origin, OriginCodec.Write);
    }

    public static DeleteSnapshotCommand ReadDeleteSnapshot(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var command = new DeleteSnapshotCommand(fields.Required(ref reader, 1, ScalarValues.ReadSnapshotName), fields.Required(ref reader, 2, OriginCodec.Read));
        fields.End(ref reader);
        return command;
    }
}
