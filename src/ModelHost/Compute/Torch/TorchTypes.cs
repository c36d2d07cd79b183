using LatentDb.MemoryStore.Tensors;
using static TorchSharp.torch;

namespace LatentDb.ModelHost.Compute.Torch;

/// <summary>Our element types in the library's terms.</summary>
internal static class TorchTypes
{
    public static ScalarType Of(ElementType type) => type switch
    {
        ElementType.F32 => ScalarType.Float32,
        ElementType.F16 => ScalarType.Float16,
        ElementType.BF16 => ScalarType.BFloat16,
        _ => throw new ArgumentException($"{type} is no float type.", nameof(type)),
    };
}
