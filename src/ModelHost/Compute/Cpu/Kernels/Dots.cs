using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>Products of rows that lie in memory as they are, lanes along the width: two rows with four at a time, 6 loads for 8 multiply-adds.</summary>
internal static unsafe class Dots
{
    public const int KeysPerTile = 4;

    /// <summary>
    /// q[row], q[row + 1] with keys[key .. key + 3] to dots[rowStep x r + k]. Beyond the last row or key the last one is taken again: there must
    /// be room for a whole tile.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunTile<TSimd, TVector>(MatrixPointer q, int row, MatrixPointer keys, int key, float* dots, int rowStep)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* x0 = q.Row(row);
        float* x1 = q.Row(Math.Min(row + 1, q.Rows - 1));
        int last = keys.Rows - 1;
        float* k0 = keys.Row(key);
        float* k1 = keys.Row(Math.Min(key + 1, last));
        float* k2 = keys.Row(Math.Min(key + 2, last));
        float* k3 = keys.Row(Math.Min(key + 3, last));
        TVector a0 = TSimd.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        int width = q.Columns;
        int i = 0;
        for (; i <= width - TSimd.Width; i += TSimd.Width)
        {
            TVector a = TSimd.Load(x0 + i);
            TVector b = TSimd.Load(x1 + i);
            TVector k = TSimd.Load(k0 + i);
            a0 = TSimd.MultiplyAdd(a, k, a0);
            b0 = TSimd.MultiplyAdd(b, k, b0);
            k = TSimd.Load(k1 + i);
            a1 = TSimd.MultiplyAdd(a, k, a1);
            b1 = TSimd.MultiplyAdd(b, k, b1);
            k = TSimd.Load(k2 + i);
            a2 = TSimd.MultiplyAdd(a, k, a2);
            b2 = TSimd.MultiplyAdd(b, k, b2);
            k = TSimd.Load(k3 + i);
            a3 = TSimd.MultiplyAdd(a, k, a3);
            b3 = TSimd.MultiplyAdd(b, k, b3);
        }

        TSimd.Sums(a0, a1, a2, a3).Store(dots);
        TSimd.Sums(b0, b1, b2, b3).Store(dots + rowStep);
        for (; i < width; i++)
        {
            AddProducts(dots, x0[i], k0[i], k1[i], k2[i], k3[i]);
            AddProducts(dots + rowStep, x1[i], k0[i], k1[i], k2[i], k3[i]);
        }
    }

    private static void AddProducts(float* dots, float x, float k0, float k1, float k2, float k3)
    {
        dots[0] += x * k0;
        dots[1] += x * k1;
        dots[2] += x * k2;
        dots[3] += x * k3;
    }
}
