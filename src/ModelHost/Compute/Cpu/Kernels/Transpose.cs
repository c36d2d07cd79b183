using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>Packs rows side by side: to[k x padded + row] = from[row][k]. By squares of 4 x 4, four times as fast as one by one.</summary>
internal static unsafe class Transpose
{
    private const int Square = 4;

    /// <summary>Rows <paramref name="from"/>, all <paramref name="from"/>.Columns wide; rows up to <paramref name="padded"/> become zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(MatrixPointer from, int padded, float* to)
    {
        int row = 0;
        if (Sse.IsSupported || AdvSimd.Arm64.IsSupported)
        {
            for (; row + Square <= from.Rows; row += Square) RunFour(from.Row(row), from.Stride, from.Columns, to + row, padded);
        }

        for (; row < padded; row++)
        {
            float* source = row < from.Rows ? from.Row(row) : null;
            for (int k = 0; k < from.Columns; k++) to[(k * padded) + row] = source is null ? 0 : source[k];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunFour(float* from, nint stride, int columns, float* to, nint step)
    {
        float* second = from + stride;
        float* third = second + stride;
        float* fourth = third + stride;
        int k = 0;
        for (; k + Square <= columns; k += Square, to += Square * step)
        {
            Vector128<float> a = Vector128.Load(from + k);
            Vector128<float> b = Vector128.Load(second + k);
            Vector128<float> c = Vector128.Load(third + k);
            Vector128<float> d = Vector128.Load(fourth + k);
            Vector128<float> abLow = ZipLow(a, b);
            Vector128<float> cdLow = ZipLow(c, d);
            Vector128<float> abHigh = ZipHigh(a, b);
            Vector128<float> cdHigh = ZipHigh(c, d);
            Lower(abLow, cdLow).Store(to);
            Upper(abLow, cdLow).Store(to + step);
            Lower(abHigh, cdHigh).Store(to + (2 * step));
            Upper(abHigh, cdHigh).Store(to + (3 * step));
        }

        for (; k < columns; k++, to += step)
        {
            to[0] = from[k];
            to[1] = second[k];
            to[2] = third[k];
            to[3] = fourth[k];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) => Sse.IsSupported ? Sse.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) => Sse.IsSupported ? Sse.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Lower(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.MoveLowToHigh(a, b) : AdvSimd.Arm64.ZipLow(a.AsDouble(), b.AsDouble()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Upper(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.MoveHighToLow(b, a) : AdvSimd.Arm64.ZipHigh(a.AsDouble(), b.AsDouble()).AsSingle();
}
