using System.Buffers;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.MemoryStore.Transfer.Archives;

/// <summary>Counts of an archive's records, which its last record repeats.</summary>
internal sealed class ArchiveTally
{
    private readonly SortedDictionary<ArchiveRecordKind, long> _records = [];

    /// <summary>Payload bytes of all records so far.</summary>
    public long Bytes { get; private set; }

    public long Records { get; private set; }

    public long this[ArchiveRecordKind kind] => _records.GetValueOrDefault(kind);

    public void Add(ArchiveRecordKind kind, long bytes)
    {
        _records[kind] = this[kind] + 1;
        Bytes += bytes;
        Records++;
    }

    public ReadOnlyMemory<byte> Encode()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(3);
        writer.WriteInt64(1);
        writer.WriteInt64(Records);
        writer.WriteInt64(2);
        writer.WriteInt64(Bytes);
        writer.WriteInt64(3);
        writer.WriteArrayHeader(_records.Count * 2);
        foreach ((ArchiveRecordKind kind, long count) in _records)
        {
            writer.WriteInt64((byte)kind);
            writer.WriteInt64(count);
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Compares with what the last record says.</summary>
    /// <exception cref="Errors.LatentDbException">archive_invalid.</exception>
    public void Verify(ReadOnlySpan<byte> last)
    {
        try
        {
            var reader = new MessagePackReader(last);
            FieldReader fields = FieldReader.Begin(ref reader);
            fields.Field(ref reader, 1);
            if (reader.ReadInt64() != Records) throw ArchiveErrors.Invalid($"does not hold as many records as it says; {Records} were found");
            fields.Next(ref reader);
            fields.Field(ref reader, 2);
            if (reader.ReadInt64() != Bytes) throw ArchiveErrors.Invalid($"does not hold as many bytes as it says; {Bytes} were found");
            fields.Next(ref reader);
            fields.Field(ref reader, 3);
            int numbers = reader.ReadArrayHeader();
            if (numbers != _records.Count * 2) throw ArchiveErrors.Invalid("does not hold the kinds of records that it says");
            for (int i = 0; i < numbers; i += 2)
            {
                var kind = (ArchiveRecordKind)reader.ReadInt32();
                if (reader.ReadInt64() != this[kind]) throw ArchiveErrors.Invalid($"does not hold as many {kind} records as it says; {this[kind]} were found");
            }

            fields.Next(ref reader);
            fields.End(ref reader);
        }
        catch (MessagePackFormatException e)
        {
            throw ArchiveErrors.Invalid($"has a last record that cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }
}
