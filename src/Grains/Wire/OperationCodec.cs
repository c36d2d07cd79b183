using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Versions.Operations;

namespace LatentDb.Grains.Wire;

/// <summary>Writes that were accepted to be made later.</summary>
internal static class OperationCodec
{
    public static void Write(ref MessagePackWriter writer, AcceptedOperation accepted)
    {
        writer.WriteMapHeader(2);
        writer.Field(1, accepted.Operation, Write);
        writer.Field(2, accepted.IsReplay);
    }

    public static AcceptedOperation ReadAccepted(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var accepted = new AcceptedOperation(fields.Required(ref reader, 1, Read), fields.Required(ref reader, 2, ScalarValues.ReadBoolean));
        fields.End(ref reader);
        return accepted;
    }

    public static void Write(ref MessagePackWriter writer, WriteOperation operation)
    {
        writer.WriteMapHeader(8);
        writer.Field(1, operation.Uid, ScalarValues.Write);
        writer.Field(2, (long)operation.Status);
        writer.Field(3, operation.AcceptedAt, ScalarValues.Write);
        writer.Field(4, operation.IsBatch);
        writer.Field(5, operation.Versions, ScalarValues.Write);
        writer.Field(6, operation.Origin, OriginCodec.Write);
        writer.FieldOf(7, operation.EndedAt, ScalarValues.Write);
        writer.Field(8, operation.Failure, WriteFailure);
    }

    public static WriteOperation Read(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var operation = new WriteOperation(
            fields.Required(ref reader, 1, ScalarValues.ReadOperation),
            fields.Required(ref reader, 2, ReadStatus),
            fields.Required(ref reader, 3, ScalarValues.ReadTime),
            fields.Required(ref reader, 4, ScalarValues.ReadBoolean),
            fields.Array(ref reader, 5, ScalarValues.ReadOptionalVersion, WireLimits.MaxItems),
            fields.Required(ref reader, 6, OriginCodec.Read))
        {
            EndedAt = fields.OptionalOf(ref reader, 7, ScalarValues.ReadTime),
            Failure = fields.Optional(ref reader, 8, ReadFailure),
        };
        fields.End(ref reader);
        return operation;
    }

    private static OperationStatus ReadStatus(ref MessagePackReader reader)
    {
        int status = reader.ReadInt32();
        return status is >= (int)OperationStatus.Queued and <= (int)OperationStatus.Cancelled
            ? (OperationStatus)status
            : throw new MessagePackFormatException($"Status {status} is not known.");
    }

    private static void WriteFailure(ref MessagePackWriter writer, OperationFailure failure)
    {
        writer.WriteMapHeader(3);
        writer.Field(1, failure.Code);
        writer.Field(2, failure.Message);
        writer.Field(3, failure.Item);
    }

    private static OperationFailure ReadFailure(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var failure = new OperationFailure(
            fields.Required(ref reader, 1, ScalarValues.ReadText),
            fields.Required(ref reader, 2, ScalarValues.ReadText),
            fields.Required(ref reader, 3, ScalarValues.ReadInt32));
        fields.End(ref reader);
        return failure;
    }
}
