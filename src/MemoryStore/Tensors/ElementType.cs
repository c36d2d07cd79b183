namespace LatentDb.MemoryStore.Tensors;

/// <summary>How one number is stored. The values are part of the on-disk format.</summary>
public enum ElementType : byte
{
    /// <summary>IEEE 754 binary32, little endian.</summary>
    F32 = 1,

    /// <summary>IEEE 754 binary16.</summary>
    F16 = 2,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BF16 = 3,

    /// <summary>Signed byte with a scale per row.</summary>
    I8 = 4,

    /// <summary>Signed 64-bit integer, little endian (ages).</summary>
    I64 = 5,
}

/// <summary>Sizes of element types.</summary>
public static class ElementTypeSizes
{
    /// <summary>Bytes of one element.</summary>
    public static int Bytes(this ElementType type) => type switch
    {
        ElementType.F32 => 4,
        ElementType.F16 or ElementType.BF16 => 2,
        ElementType.I8 => 1,
        ElementType.I64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown element type."),
    };
}
