using System.Runtime.CompilerServices;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// silu(x) = x / (1 + e^-x), alone or times a second matrix, in place (SwiGLU, Shazeer 2020). Vector exp; about 20 instructions a vector, so
/// matrices beyond the second-level cache are bound by memory.
/// </summary>
internal static unsafe partial class GatedMlp
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SiluMultiply<TSimd, TVector>(MatrixPointer gate, MatrixPointer up)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int columns = gate.Columns;
        for (int row = 0; row < gate.Rows; row++)
        {
            float* g = gate.Row(row);
            float* u = up.Row(row);
            int i = 0;
            for (; i <= columns - TSimd.Width; i += TSimd.Width)
                TSimd.Store(TSimd.Multiply(SiluOf<TSimd, TVector>(TSimd.Load(g + i)), TSimd.Load(u + i)), g + i);
            if (i == columns) continue;
            TVector last = SiluOf<TSimd, TVector>(VectorMath.LoadTail<TSimd, TVector>(g + i, columns - i));
            last = TSimd.Multiply(last, VectorMath.LoadTail<TSimd, TVector>(u + i, columns - i));
            VectorMath.StoreTail<TSimd, TVector>(last, g + i, columns - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Silu<TSimd, TVector>(MatrixPointer x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int columns = x.Columns;
        for (int row = 0; row < x.Rows; row++)
        {
            float* values = x.Row(row);
            int i = 0;
            for (; i <= columns - TSimd.Width; i += TSimd.Width)
                TSimd.Store(SiluOf<TSimd, TVector>(TSimd.Load(values + i)), values + i);
            if (i == columns) continue;
            TVector last = SiluOf<TSimd, TVector>(VectorMath.LoadTail<TSimd, TVector>(values + i, columns - i));
            VectorMath.StoreTail<TSimd, TVector>(last, values + i, columns - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector SiluOf<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector divisor = TSimd.Add(TSimd.Broadcast(1), VectorMath.Exp<TSimd, TVector>(TSimd.Subtract(TSimd.Broadcast(0), x)));
        return TSimd.Divide(x, divisor);
    }
}
