using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.MemoryStore.Links;

/// <summary>An error as bytes: code, who must act, message, time to retry. What caused it stays in the log of the silo that failed.</summary>
public static class LinkErrorCodec
{
    private const int NameField = 1;
    private const int RemedyField = 2;
    private const int MessageField = 3;
    private const int RetryField = 4; // milliseconds

    /// <summary>Writes it as one map.</summary>
    public static void Write(ref MessagePackWriter writer, LatentDbException error)
    {
        writer.WriteMapHeader(error.RetryAfter is null ? 3 : 4);
        writer.WriteInt64(NameField);
        writer.WriteString(error.Code.Name);
        writer.WriteInt64(RemedyField);
        writer.WriteInt64((int)error.Code.Remedy);
        writer.WriteInt64(MessageField);
        writer.WriteString(Shortened(error.Message));
        if (error.RetryAfter is not TimeSpan retryAfter) return;
        writer.WriteInt64(RetryField);
        writer.WriteInt64((long)Math.Ceiling(retryAfter.TotalMilliseconds));
    }

    /// <summary>The error that was written; a code that this program does not know keeps its name and its remedy.</summary>
    /// <exception cref="MessagePackFormatException">The bytes are no error.</exception>
    public static LatentDbException Read(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, NameField);
        string name = reader.ReadRequiredString();
        fields.Next(ref reader);
        fields.Field(ref reader, RemedyField);
        var remedy = (Remedy)reader.ReadInt32();
        if (!Enum.IsDefined(remedy)) throw new MessagePackFormatException($"{(int)remedy} is no remedy.");
        fields.Next(ref reader);
        fields.Field(ref reader, MessageField);
        string message = reader.ReadRequiredString();
        fields.Next(ref reader);
        TimeSpan? retryAfter = null;
        if (fields.TryField(ref reader, RetryField))
        {
            retryAfter = TimeSpan.FromMilliseconds(reader.ReadInt32());
            fields.Next(ref reader);
        }

        fields.End(ref reader);
        return new LatentDbException(new ErrorCode(name, remedy), message) { RetryAfter = retryAfter };
    }

    private static string Shortened(string message) => message.Length <= LinkLimits.MaxErrorChars ? message : message[..LinkLimits.MaxErrorChars];
}
