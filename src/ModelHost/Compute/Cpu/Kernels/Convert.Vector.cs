using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// Stored numbers to and from fp32: bound by memory, so 256-bit vectors serve every instruction set but the reference. F16 by bit arithmetic
/// (after Giesen, "half to float done quick"): exact, subnormals included, round to nearest even, NaN stays NaN.
/// </summary>
internal static unsafe partial class Convert
{
    private const int Lanes = 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenBFloat16<TSimd, TVector>(ushort* source, float* target, nint count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        nint i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width) TSimd.Store(TSimd.LoadBFloat16(source + i), target + i);
        WidenBFloat16Scalar(source + i, target + i, count - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void NarrowBFloat16Vector(float* source, ushort* target, nint count)
    {
        nint i = 0;
        for (; i <= count - (2 * Lanes); i += 2 * Lanes)
        {
            Vector256<uint> low = RoundToBFloat16(Vector256.Load(source + i));
            Vector256<uint> high = RoundToBFloat16(Vector256.Load(source + i + Lanes));
            Vector256.Narrow(low, high).Store(target + i);
        }

        NarrowBFloat16Scalar(source + i, target + i, count - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenHalfVector(ushort* source, float* target, nint count)
    {
        nint i = 0;
        for (; i <= count - (2 * Lanes); i += 2 * Lanes)
        {
            (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Load(source + i));
            HalfToSingle(low).Store(target + i);
            HalfToSingle(high).Store(target + i + Lanes);
        }

        WidenHalfScalar(source + i, target + i, count - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void NarrowHalfVector(float* source, ushort* target, nint count)
    {
        nint i = 0;
        for (; i <= count - (2 * Lanes); i += 2 * Lanes)
        {
            Vector256<uint> low = SingleToHalf(Vector256.Load(source + i));
            Vector256<uint> high = SingleToHalf(Vector256.Load(source + i + Lanes));
            Vector256.Narrow(low, high).Store(target + i);
        }

        NarrowHalfScalar(source + i, target + i, count - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> RoundToBFloat16(Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32();
        Vector256<uint> rounded = (bits + Vector256.Create(0x7FFFu) + ((bits >>> 16) & Vector256<uint>.One)) >>> 16;
        Vector256<uint> quiet = (bits >>> 16) | Vector256.Create(0x0040u);
        return Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), rounded, quiet);
    }

    /// <summary>The exponent is moved by a multiplication with 2^112, which also makes subnormals normal; infinity and NaN get theirs by hand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> HalfToSingle(Vector256<uint> half)
    {
        Vector256<uint> magnitude = (half & Vector256.Create(0x7FFFu)) << 13;
        Vector256<uint> sign = (half & Vector256.Create(0x8000u)) << 16;
        Vector256<uint> finite = (magnitude.AsSingle() * Vector256.Create(0x77800000u).AsSingle()).AsUInt32();
        Vector256<uint> special = magnitude | Vector256.Create(0x7F800000u);
        Vector256<uint> isFinite = Vector256.LessThan(magnitude.AsInt32(), Vector256.Create(0x7C00 << 13)).AsUInt32();
        return (Vector256.ConditionalSelect(isFinite, finite, special) | sign).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> SingleToHalf(Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32();
        Vector256<uint> sign = bits & Vector256.Create(0x80000000u);
        Vector256<uint> magnitude = bits ^ sign;

        // Too large for F16 becomes infinity, NaN a quiet NaN with the upper bits of its payload.
        Vector256<uint> payload = (magnitude >>> 13) & Vector256.Create(0x01FFu);
        Vector256<uint> isNumber = Vector256.Equals(value, value).AsUInt32();
        Vector256<uint> special = Vector256.ConditionalSelect(isNumber, Vector256.Create(0x7C00u), payload | Vector256.Create(0x7E00u));

        // Below 2^-14: adding 1/2 aligns the last bit of a subnormal with the last bit of the sum, and the processor rounds.
        Vector256<uint> half = Vector256.Create(0x3F000000u);
        Vector256<uint> subnormal = (magnitude.AsSingle() + half.AsSingle()).AsUInt32() - half;

        // Else: move the exponent by -112 and add just under half of the last place, and one more if the result would be odd.
        Vector256<uint> odd = (magnitude >>> 13) & Vector256<uint>.One;
        Vector256<uint> normal = (magnitude + Vector256.Create(0xC8000FFFu) + odd) >>> 13;

        Vector256<uint> isSmall = Vector256.LessThan(magnitude.AsInt32(), Vector256.Create(113 << 23)).AsUInt32();
        Vector256<uint> isLarge = Vector256.GreaterThanOrEqual(magnitude.AsInt32(), Vector256.Create((127 + 16) << 23)).AsUInt32();
        Vector256<uint> result = Vector256.ConditionalSelect(isLarge, special, Vector256.ConditionalSelect(isSmall, subnormal, normal));
        return result | (sign >>> 16);
    }
}
