using System.Collections.Immutable;
using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Checkpoints.Safetensors;

/// <summary>One tensor of a safetensors file, checked.</summary>
/// <param name="Name">Unique in its file.</param>
/// <param name="Type">How elements are stored.</param>
/// <param name="Shape">Outermost dimension first; empty for a scalar.</param>
/// <param name="Start">Byte of the file where it starts.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record SafetensorsEntry(string Name, SafetensorsType Type, ImmutableArray<long> Shape, long Start, long Bytes);

/// <summary>Element types that the format knows and whose size is whole bytes. Those outside <see cref="ElementType"/> are readable as raw bytes.</summary>
internal enum SafetensorsType
{
    F64,
    F32,
    F16,
    BF16,
    F8E5M2,
    F8E4M3,
    I64,
    U64,
    I32,
    U32,
    I16,
    U16,
    I8,
    U8,
    Bool,
}

/// <summary>Names and sizes of <see cref="SafetensorsType"/>.</summary>
internal static class SafetensorsTypes
{
    public static SafetensorsType? TryParse(string name) => name switch
    {
        "F64" => SafetensorsType.F64,
        "F32" => SafetensorsType.F32,
        "F16" => SafetensorsType.F16,
        "BF16" => SafetensorsType.BF16,
        "F8_E5M2" => SafetensorsType.F8E5M2,
        "F8_E4M3" => SafetensorsType.F8E4M3,
        "I64" => SafetensorsType.I64,
        "U64" => SafetensorsType.U64,
        "I32" => SafetensorsType.I32,
        "U32" => SafetensorsType.U32,
        "I16" => SafetensorsType.I16,
        "U16" => SafetensorsType.U16,
        "I8" => SafetensorsType.I8,
        "U8" => SafetensorsType.U8,
        "BOOL" => SafetensorsType.Bool,
        _ => null,
    };

    public static int Bytes(this SafetensorsType type) => type switch
    {
        SafetensorsType.F64 or SafetensorsType.I64 or SafetensorsType.U64 => 8,
        SafetensorsType.F32 or SafetensorsType.I32 or SafetensorsType.U32 => 4,
        SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.I16 or SafetensorsType.U16 => 2,
        _ => 1,
    };

    /// <summary>The type as the back end knows it; null for everything that is not F32, F16 or BF16.</summary>
    public static ElementType? AsFloat(this SafetensorsType type) => type switch
    {
        SafetensorsType.F32 => ElementType.F32,
        SafetensorsType.F16 => ElementType.F16,
        SafetensorsType.BF16 => ElementType.BF16,
        _ => null,
    };
}
