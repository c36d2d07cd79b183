using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using LatentDb.Grains.Wire;
using LatentDb.MemoryStore.Errors;
using Orleans.Serialization;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Serializers;
using Orleans.Serialization.WireProtocol;

namespace LatentDb.Grains.Orleans;

/// <summary>
/// Carries the contracts of grains through Orleans in their own form, so that they need no attributes: the declared type in the field's header, then the
/// bytes of <see cref="ContractCodec"/>. Types that it does not know are Orleans' own business. Thread-safe.
/// </summary>
internal sealed class ContractFieldCodec : IGeneralizedCodec, IGeneralizedCopier, ITypeFilter
{
    /// <summary>A message that is larger than Orleans allows ends the whole connection, so a value must never come near it.</summary>
    public const int MaxValueBytes = 32 << 20;

    public bool IsSupportedType(Type type) => Declared(type) is not null;

    public bool? IsTypeAllowed(Type type) => Declared(type) is null ? null : true;

    /// <summary>Contracts never change: the same object may be seen on both sides of a local call.</summary>
    public object? DeepCopy(object? input, CopyContext context) => input;

    /// <exception cref="LatentDbException">internal, when it is too large; the connection lives on.</exception>
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, [AllowNull] Type expectedType, [AllowNull] object value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (ReferenceCodec.TryWriteReferenceField(ref writer, fieldIdDelta, expectedType, value)) return;
        Type declared = Declared(value.GetType())!;
        var bytes = new ArrayBufferWriter<byte>();
        ContractCodec.Write(bytes, declared, value);
        if (bytes.WrittenCount > MaxValueBytes) throw new LatentDbException(ErrorCode.Internal, $"A {declared.Name} has {bytes.WrittenCount} bytes; between silos {MaxValueBytes} are allowed.");
        writer.WriteFieldHeader(fieldIdDelta, null!, declared, WireType.LengthPrefixed);
        writer.WriteVarUInt32((uint)bytes.WrittenCount);
        writer.Write(bytes.WrittenSpan);
    }

    /// <exception cref="LatentDbException">data_damaged.</exception>
    public object? ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.IsReference) return ReferenceCodec.ReadReference(ref reader, field.FieldType);
        field.EnsureWireType(WireType.LengthPrefixed);
        uint place = ReferenceCodec.CreateRecordPlaceholder(reader.Session);
        uint length = reader.ReadVarUInt32();
        if (length > MaxValueBytes || field.FieldType is null) throw new LatentDbException(ErrorCode.DataDamaged, $"A value of {length} bytes and of the type {field.FieldType} came from another silo.");
        object? value = ContractCodec.Read(field.FieldType, reader.ReadBytes(length));
        ReferenceCodec.RecordObject(reader.Session, value, place);
        return value;
    }

    private static Type? Declared(Type type) => type.Namespace?.StartsWith(nameof(LatentDb), StringComparison.Ordinal) == true ? ContractCodec.DeclaredTypeOf(type) : null;
}
