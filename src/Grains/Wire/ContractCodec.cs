using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Wire;

/// <summary>
/// Commands, results and events of grains as MessagePack: what they are between two silos, whoever carries them. Thread-safe. Tensors and archives never
/// pass here.
/// </summary>
public static class ContractCodec
{
    private static readonly FrozenDictionary<Type, Entry> Entries = All().ToFrozenDictionary(entry => entry.Type);

    /// <summary>The types that can be written, each as it is declared: of a family of records its root.</summary>
    public static ImmutableArray<Type> Types => Entries.Keys;

    /// <summary>The declared type that a value of this type is written as: itself, or a root that it derives from; null = it cannot be written.</summary>
    public static Type? DeclaredTypeOf(Type type)
    {
        for (Type? root = type; root is not null; root = root.BaseType)
        {
            if (Entries.ContainsKey(root)) return root;
        }

        return null;
    }

    /// <summary>Writes one value; null is nil.</summary>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="type">Its declared type.</param>
    /// <param name="value">A value of that type or of one derived from it.</param>
    /// <exception cref="ArgumentException">No such type is known.</exception>
    public static void Write(IBufferWriter<byte> buffer, Type type, object? value)
    {
        var writer = new MessagePackWriter(buffer);
        if (value is null) writer.WriteNil();
        else Find(type).Write(ref writer, value);
    }

    /// <summary>Reads one value, and nothing may follow it.</summary>
    /// <exception cref="LatentDbException">data_damaged when the bytes are no such value.</exception>
    /// <exception cref="ArgumentException">No such type is known.</exception>
    public static object? Read(Type type, ReadOnlySpan<byte> bytes)
    {
        Entry entry = Find(type);
        try
        {
            var reader = new MessagePackReader(bytes);
            object? value = reader.TryReadNil() ? null : entry.Read(ref reader);
            return reader.IsAtEnd ? value : throw new MessagePackFormatException($"{bytes.Length - reader.Position} bytes follow the value.");
        }
        catch (Exception error) when (error is MessagePackFormatException or LatentDbException or ArgumentException or InvalidOperationException)
        {
            throw new LatentDbException(ErrorCode.DataDamaged, $"{bytes.Length} bytes from another silo are no {type.Name}.", error);
        }
    }

    private static Entry Find(Type type) =>
        Entries.TryGetValue(type, out Entry? entry) ? entry : throw new ArgumentException($"{type} has no form on the wire.", nameof(type));

    private static IEnumerable<Entry> All() =>
    [
        Of(ChangeCommandCodec.Write, ChangeCommandCodec.ReadCreate),
        Of(ChangeCommandCodec.Write, ChangeCommandCodec.ReadFork),
        Of(ChangeCommandCodec.Write, ChangeCommandCodec.ReadErase),
        Of(ChangeCommandCodec.Write, ChangeCommandCodec.ReadRollback),
        Of(ChangeCommandCodec.Write, ChangeCommandCodec.ReadSnapshot),
        Of(ChangeCommandCodec.Write, ChangeCommandCodec.ReadDeleteSnapshot),
        Of(ArchiveCommandCodec.Write, ArchiveCommandCodec.ReadExport),
        Of(ArchiveCommandCodec.Write, ArchiveCommandCodec.ReadImport),
        Of(InjectCodec.Write, InjectCodec.ReadCommand),
        Of(InjectCodec.Write, InjectCodec.ReadBatch),
        Of(InjectCodec.Write, InjectCodec.ReadResult),
        Of(InjectCodec.Write, InjectCodec.ReadBatchResult),
        Of(QueryCodec.Write, QueryCodec.Read),
        Of<QueryEvent>(QueryEventCodec.Write, QueryEventCodec.Read),
        Of<TextInput>(TextCodec.Write, TextCodec.Read),
        Of<VersionSelector>(OriginCodec.WriteSelector, OriginCodec.ReadSelector),
        Of(OriginCodec.Write, OriginCodec.Read),
        Of(DiffCodec.Write, DiffCodec.Read),
        .. ListOf<MemoryVersion>(VersionCodec.Write, VersionCodec.ReadVersion),
        .. ListOf<MemorySummary>(VersionCodec.Write, VersionCodec.ReadSummary),
        .. ListOf<Snapshot>(VersionCodec.Write, VersionCodec.ReadSnapshot),
        .. ListOf<WriteOperation>(OperationCodec.Write, OperationCodec.Read),
        Of(OperationCodec.Write, OperationCodec.ReadAccepted),
        Written<MemorySummary>(VersionCodec.Write, VersionCodec.ReadSummary),
        Written<MemoryVersion>(VersionCodec.Write, VersionCodec.ReadVersion),
        Written<Snapshot>(VersionCodec.Write, VersionCodec.ReadSnapshot),
        Of<TenantUsage>(VersionCodec.Write, VersionCodec.ReadUsage),
        Of<LatentDbException>(LinkErrorCodec.Write, LinkErrorCodec.Read),
        Of(ScalarValues.Write, ScalarValues.ReadBoolean),
        Of<string>(ScalarValues.Write, ScalarValues.ReadText),
        Of<VersionNumber>(ScalarValues.Write, ScalarValues.ReadVersion),
        Of<OperationUid>(ScalarValues.Write, ScalarValues.ReadOperation),
        Of<SnapshotName>(ScalarValues.Write, ScalarValues.ReadSnapshotName),
        Of<TenantId>(ScalarValues.Write, ScalarValues.ReadTenant),
        Of<MemoryId>(ScalarValues.Write, ScalarValues.ReadMemory),
        Of<MemoryKey>(ScalarValues.Write, ScalarValues.ReadKey),
        Of(ArgumentCodec.Write, ArgumentCodec.ReadNone),
        Of(ArgumentCodec.Write, ArgumentCodec.ReadVersionPage),
        Of(ArgumentCodec.Write, ArgumentCodec.ReadOperationPage),
        Of(ArgumentCodec.Write, ArgumentCodec.ReadMemoryPage),
        Of(ArgumentCodec.Write, ArgumentCodec.ReadDiffRange),
    ];

    private static Entry Of<T>(WriteValue<T> write, ReadValue<T> read)
        where T : notnull
        => new(typeof(T), (ref MessagePackWriter writer, object value) => write(ref writer, (T)value), (ref MessagePackReader reader) => read(ref reader));

    /// <summary>A value, and a list of such.</summary>
    private static Entry[] ListOf<T>(WriteValue<T> write, ReadValue<T> read)
        where T : notnull
        =>
        [
            Of(write, read),
            Of<ImmutableArray<T>>(
                (ref MessagePackWriter writer, ImmutableArray<T> items) => WireFields.WriteArray(ref writer, items, write),
                (ref MessagePackReader reader) => WireFields.ReadArray(ref reader, read, WireLimits.MaxOfMemory)),
        ];

    /// <summary>What a write answers with.</summary>
    private static Entry Written<T>(WriteValue<T> write, ReadValue<T> read)
        where T : class
        => Of<WriteResult<T>>(
            (ref MessagePackWriter writer, WriteResult<T> result) =>
            {
                writer.WriteMapHeader(2);
                writer.Field(1, result.Value, write);
                writer.Field(2, result.IsReplay);
            },
            (ref MessagePackReader reader) =>
            {
                FieldReader fields = FieldReader.Begin(ref reader);
                var result = new WriteResult<T>(fields.Required(ref reader, 1, read), fields.Required(ref reader, 2, ScalarValues.ReadBoolean));
                fields.End(ref reader);
                return result;
            });

    private sealed record Entry(Type Type, WriteValue<object> Write, ReadValue<object> Read);
}
