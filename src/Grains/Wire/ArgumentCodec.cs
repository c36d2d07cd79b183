using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.Grains.Wire;

/// <summary>Arguments of verbs that take no command.</summary>
internal static class ArgumentCodec
{
    public static void Write(ref MessagePackWriter writer, NoArguments _) => writer.WriteMapHeader(0);

    public static NoArguments ReadNone(ref MessagePackReader reader)
    {
        reader.Skip();
        return NoArguments.Instance;
    }

    public static void Write(ref MessagePackWriter writer, VersionPage page)
    {
        writer.WriteMapHeader(2);
        writer.Field(1, page.Limit);
        writer.Field(2, page.Before);
    }

    public static VersionPage ReadVersionPage(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var page = new VersionPage(fields.Required(ref reader, 1, ScalarValues.ReadInt32), fields.OptionalOf(ref reader, 2, ScalarValues.ReadVersion));
        fields.End(ref reader);
        return page;
    }

    public static void Write(ref MessagePackWriter writer, OperationPage page)
    {
        writer.WriteMapHeader(2);
        writer.Field(1, page.Limit);
        writer.FieldOf(2, page.Before, ScalarValues.Write);
    }

    public static OperationPage ReadOperationPage(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var page = new OperationPage(fields.Required(ref reader, 1, ScalarValues.ReadInt32), fields.OptionalOf(ref reader, 2, ScalarValues.ReadOperation));
        fields.End(ref reader);
        return page;
    }

    public static void Write(ref MessagePackWriter writer, MemoryPage page)
    {
        writer.WriteMapHeader(2);
        writer.Field(1, page.Limit);
        writer.FieldOf(2, page.After, ScalarValues.Write);
    }

    public static MemoryPage ReadMemoryPage(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var page = new MemoryPage(fields.Required(ref reader, 1, ScalarValues.ReadInt32), fields.OptionalOf(ref reader, 2, ScalarValues.ReadMemory));
        fields.End(ref reader);
        return page;
    }

    public static void Write(ref MessagePackWriter writer, DiffRange range)
    {
        writer.WriteMapHeader(2);
        writer.Field(1, range.From, OriginCodec.WriteSelector);
        writer.Field(2, range.To, OriginCodec.WriteSelector);
    }

    public static DiffRange ReadDiffRange(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var range = new DiffRange(fields.Required(ref reader, 1, OriginCodec.ReadSelector), fields.Required(ref reader, 2, OriginCodec.ReadSelector));
        fields.End(ref reader);
        return range;
    }
}
