using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;

namespace LatentDb.MemoryStore.Records;

/// <summary>Accepted writes: their own records, and their place in the state of a memory.</summary>
internal static class OperationCodec
{
    private const int UidBytes = 16;
    private const int ItemParts = 3;
    private const int StepParts = 2;
    private const int FailureParts = 3;
    private const int StateParts = 11;

    public static void WriteAccepted(ref MessagePackWriter writer, OperationAcceptedRecord record)
    {
        writer.WriteMapHeader(record.IsMoved ? 8 : 7);
        writer.WriteInt64(1);
        Write(ref writer, record.Uid);
        writer.WriteInt64(2);
        writer.WriteArrayHeader(record.Draft.Items.Length);
        foreach (OperationItem item in record.Draft.Items)
        {
            writer.WriteArrayHeader(ItemParts);
            writer.WriteString(item.Text);
            if (item.Seed is ulong seed) writer.WriteUInt64(seed);
            else writer.WriteNil();
            writer.WriteString(item.Metadata);
        }

        writer.WriteInt64(3);
        writer.WriteBoolean(record.Draft.IsBatch);
        writer.WriteInt64(4);
        writer.Write(record.Draft.ExpectedHead);
        writer.WriteInt64(5);
        writer.WriteString(record.Draft.Origin.OperationId);
        writer.WriteInt64(6);
        KeyCodec.Write(ref writer, record.Draft.Origin.Digest);
        writer.WriteInt64(7);
        writer.WriteString(record.Draft.Origin.Author);
        if (!record.IsMoved) return;
        writer.WriteInt64(8);
        writer.WriteBoolean(true);
    }

    public static OperationAcceptedRecord ReadAccepted(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        OperationUid uid = ReadUid(ref reader);
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        var items = ImmutableArray.CreateBuilder<OperationItem>(reader.ReadArrayHeader());
        for (int i = 0; i < items.Capacity; i++)
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), ItemParts, "item of an operation");
            items.Add(new OperationItem(reader.ReadString() ?? throw new MessagePackFormatException("An item without text."), reader.TryReadNil() ? null : reader.ReadUInt64(), reader.ReadString()));
        }

        if (items.Count == 0) throw new MessagePackFormatException("An operation without items.");
        fields.Next(ref reader);
        fields.Field(ref reader, 3);
        bool isBatch = reader.ReadBoolean();
        fields.Next(ref reader);
        fields.Field(ref reader, 4);
        VersionNumber? head = reader.ReadOptionalVersion();
        fields.Next(ref reader);
        fields.Field(ref reader, 5);
        string? key = reader.ReadString();
        fields.Next(ref reader);
        fields.Field(ref reader, 6);
        RequestDigest? digest = KeyCodec.ReadDigest(ref reader);
        fields.Next(ref reader);
        fields.Field(ref reader, 7);
        string? author = reader.ReadString();
        fields.Next(ref reader);
        bool isMoved = fields.TryField(ref reader, 8) && reader.ReadBoolean();
        if (isMoved) fields.Next(ref reader);
        fields.End(ref reader);
        return new OperationAcceptedRecord(uid, new OperationDraft(items.MoveToImmutable(), isBatch, head, new WriteOrigin(key, author) { Digest = digest }), isMoved);
    }

    public static void WriteEnded(ref MessagePackWriter writer, OperationEndedRecord record)
    {
        writer.WriteMapHeader(4);
        writer.WriteInt64(1);
        Write(ref writer, record.Uid);
        writer.WriteInt64(2);
        writer.WriteInt64((byte)record.Status);
        writer.WriteInt64(3);
        Write(ref writer, record.Versions);
        writer.WriteInt64(4);
        Write(ref writer, record.Failure);
    }

    public static OperationEndedRecord ReadEnded(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        OperationUid uid = ReadUid(ref reader);
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        OperationStatus status = ReadStatus(ref reader);
        fields.Next(ref reader);
        fields.Field(ref reader, 3);
        ImmutableArray<VersionNumber?> versions = ReadVersions(ref reader);
        fields.Next(ref reader);
        fields.Field(ref reader, 4);
        OperationFailure? failure = ReadFailure(ref reader);
        fields.Next(ref reader);
        fields.End(ref reader);
        return new OperationEndedRecord(uid, status, versions, failure);
    }

    public static void Write(ref MessagePackWriter writer, OperationStep step)
    {
        writer.WriteArrayHeader(StepParts);
        Write(ref writer, step.Operation);
        writer.WriteInt64(step.Item);
    }

    public static OperationStep ReadStep(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), StepParts, "step of an operation");
        return new OperationStep(ReadUid(ref reader), reader.ReadInt32());
    }

    public static void WriteStates(ref MessagePackWriter writer, ImmutableArray<OperationState> states)
    {
        writer.WriteArrayHeader(states.Length);
        foreach (OperationState state in states)
        {
            WriteOperation operation = state.Operation;
            writer.WriteArrayHeader(StateParts);
            Write(ref writer, operation.Uid);
            writer.WriteInt64((byte)operation.Status);
            writer.WriteInt64(operation.AcceptedAt.UtcTicks);
            writer.WriteBoolean(operation.IsBatch);
            Write(ref writer, operation.Versions);
            writer.WriteString(operation.Origin.OperationId);
            KeyCodec.Write(ref writer, operation.Origin.Digest);
            writer.WriteString(operation.Origin.Author);
            if (operation.EndedAt is HybridTimestamp ended) writer.WriteInt64(ended.UtcTicks);
            else writer.WriteNil();
            Write(ref writer, operation.Failure);
            if (state.Location is null) writer.WriteNil();
            else writer.Write(state.Location);
        }
    }

    public static ImmutableArray<OperationState> ReadStates(ref MessagePackReader reader)
    {
        var states = ImmutableArray.CreateBuilder<OperationState>(reader.ReadArrayHeader());
        for (int i = 0; i < states.Capacity; i++)
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), StateParts, "operation");
            OperationUid uid = ReadUid(ref reader);
            OperationStatus status = ReadStatus(ref reader);
            var acceptedAt = new HybridTimestamp(reader.ReadInt64());
            bool isBatch = reader.ReadBoolean();
            ImmutableArray<VersionNumber?> versions = ReadVersions(ref reader);
            string? key = reader.ReadString();
            var origin = new WriteOrigin(key, null) { Digest = KeyCodec.ReadDigest(ref reader) };
            origin = origin with { Author = reader.ReadString() };
            HybridTimestamp? endedAt = reader.TryReadNil() ? null : new HybridTimestamp(reader.ReadInt64());
            OperationFailure? failure = ReadFailure(ref reader);
            RecordLocation? location = reader.TryReadNil() ? null : reader.ReadLocation();
            states.Add(new OperationState(new WriteOperation(uid, status, acceptedAt, isBatch, versions, origin) { EndedAt = endedAt, Failure = failure }, location));
            if (states[i].Operation.IsPending != location is not null) throw new MessagePackFormatException("An operation is pending without its texts, or keeps them after its end.");
        }

        return states.MoveToImmutable();
    }

    private static void Write(ref MessagePackWriter writer, OperationUid uid)
    {
        Span<byte> bytes = stackalloc byte[UidBytes];
        uid.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        writer.WriteBinary(bytes);
    }

    private static OperationUid ReadUid(ref MessagePackReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.ReadBinary();
        if (bytes.Length != UidBytes) throw new MessagePackFormatException($"The name of an operation has {UidBytes} bytes, not {bytes.Length}.");
        return new OperationUid(new Guid(bytes, bigEndian: true));
    }

    private static OperationStatus ReadStatus(ref MessagePackReader reader)
    {
        int status = reader.ReadInt32();
        bool isKnown = status is (int)OperationStatus.Queued or (int)OperationStatus.Succeeded or (int)OperationStatus.Failed or (int)OperationStatus.Cancelled;
        return isKnown ? (OperationStatus)status : throw new MessagePackFormatException($"Status {status} is not known.");
    }

    private static void Write(ref MessagePackWriter writer, ImmutableArray<VersionNumber?> versions)
    {
        writer.WriteArrayHeader(versions.Length);
        foreach (VersionNumber? version in versions) writer.Write(version);
    }

    private static ImmutableArray<VersionNumber?> ReadVersions(ref MessagePackReader reader)
    {
        var versions = ImmutableArray.CreateBuilder<VersionNumber?>(reader.ReadArrayHeader());
        for (int i = 0; i < versions.Capacity; i++) versions.Add(reader.ReadOptionalVersion());
        return versions.MoveToImmutable();
    }

    private static void Write(ref MessagePackWriter writer, OperationFailure? failure)
    {
        if (failure is null)
        {
            writer.WriteNil();
            return;
        }

        writer.WriteArrayHeader(FailureParts);
        writer.WriteString(failure.Code);
        writer.WriteString(failure.Message);
        writer.WriteInt64(failure.Item);
    }

    private static OperationFailure? ReadFailure(ref MessagePackReader reader)
    {
        if (reader.TryReadNil()) return null;
        ScalarCodec.Expect(reader.ReadArrayHeader(), FailureParts, "failure");
        return new OperationFailure(reader.ReadString()!, reader.ReadString()!, reader.ReadInt32());
    }
}
