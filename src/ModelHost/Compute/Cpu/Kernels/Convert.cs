using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

internal static unsafe partial class Convert
{
    /// <summary>Stored elements to fp32.</summary>
    public static void Widen(KernelSet kernels, byte* source, ElementType type, float* target, nint count)
    {
        switch (type)
        {
            case ElementType.F32:
                Buffer.MemoryCopy(source, target, count * sizeof(float), count * sizeof(float));
                break;
            case ElementType.F16:
                kernels.WidenHalf((ushort*)source, target, count);
                break;
            case ElementType.BF16:
                kernels.WidenBFloat16((ushort*)source, target, count);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Only F32, F16 and BF16 convert to fp32.");
        }
    }

    /// <summary>fp32 to stored elements, round to nearest even.</summary>
    public static void Narrow(KernelSet kernels, float* source, byte* target, ElementType type, nint count)
    {
        switch (type)
        {
            case ElementType.F32:
                Buffer.MemoryCopy(source, target, count * sizeof(float), count * sizeof(float));
                break;
            case ElementType.F16:
                kernels.NarrowHalf(source, (ushort*)target, count);
                break;
            case ElementType.BF16:
                kernels.NarrowBFloat16(source, (ushort*)target, count);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "fp32 converts only to F32, F16 and BF16.");
        }
    }
}
