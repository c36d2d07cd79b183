using System.Runtime.CompilerServices;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

internal static unsafe partial class Convert
{
    public static float WidenBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>Round to nearest even; a NaN stays one (made quiet), although its low bits are lost.</summary>
    public static ushort NarrowBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x0040);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    public static void WidenBFloat16Scalar(ushort* source, float* target, nint count)
    {
        for (nint i = 0; i < count; i++) target[i] = WidenBFloat16(Unsafe.ReadUnaligned<ushort>(source + i));
    }

    public static void NarrowBFloat16Scalar(float* source, ushort* target, nint count)
    {
        for (nint i = 0; i < count; i++) Unsafe.WriteUnaligned(target + i, NarrowBFloat16(source[i]));
    }

    public static void WidenHalfScalar(ushort* source, float* target, nint count)
    {
        for (nint i = 0; i < count; i++) target[i] = (float)BitConverter.UInt16BitsToHalf(Unsafe.ReadUnaligned<ushort>(source + i));
    }

    public static void NarrowHalfScalar(float* source, ushort* target, nint count)
    {
        for (nint i = 0; i < count; i++) Unsafe.WriteUnaligned(target + i, BitConverter.HalfToUInt16Bits((Half)source[i]));
    }
}
