using System.Runtime.CompilerServices;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>y += x and y[r] += row. Bound by memory: two reads and one write.</summary>
internal static unsafe partial class Sums
{
    public static void Add<TSimd, TVector>(MatrixPointer x, MatrixPointer y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int row = 0; row < y.Rows; row++) AddOne<TSimd, TVector>(x.Row(row), y.Row(row), y.Columns);
    }

    public static void AddRow<TSimd, TVector>(float* row, MatrixPointer y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int r = 0; r < y.Rows; r++) AddOne<TSimd, TVector>(row, y.Row(r), y.Columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddOne<TSimd, TVector>(float* x, float* y, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width) TSimd.Store(TSimd.Add(TSimd.Load(y + i), TSimd.Load(x + i)), y + i);
        for (; i < count; i++) y[i] += x[i];
    }
}
