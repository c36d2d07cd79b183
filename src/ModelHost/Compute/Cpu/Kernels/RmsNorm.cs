using System.Runtime.CompilerServices;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// y = x / sqrt(mean(x²) + epsilon) * gain, row by row; y may be x. Two passes over a row that is still in the first-level cache, so the floor is
/// one read and one write of the matrix. Four partial sums of squares, added in a fixed order.
/// </summary>
internal static unsafe partial class RmsNorm
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector>(MatrixPointer x, float* gain, float epsilon, MatrixPointer y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int columns = x.Columns;
        int whole = columns - (columns % TSimd.Width);
        for (int row = 0; row < x.Rows; row++)
        {
            float* from = x.Row(row);
            float* to = y.Row(row);
            TVector factor = TSimd.Broadcast(1 / MathF.Sqrt((SumOfSquares<TSimd, TVector>(from, columns) / columns) + epsilon));
            int i = 0;
            for (; i < whole; i += TSimd.Width)
                TSimd.Store(TSimd.Multiply(TSimd.Multiply(TSimd.Load(from + i), factor), TSimd.Load(gain + i)), to + i);
            if (i == columns) continue;
            TVector last = TSimd.Multiply(VectorMath.LoadTail<TSimd, TVector>(from + i, columns - i), factor);
            last = TSimd.Multiply(last, VectorMath.LoadTail<TSimd, TVector>(gain + i, columns - i));
            VectorMath.StoreTail<TSimd, TVector>(last, to + i, columns - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfSquares<TSimd, TVector>(float* x, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector a = TSimd.Broadcast(0);
        TVector b = a;
        TVector c = a;
        TVector d = a;
        int width = TSimd.Width;
        int i = 0;
        for (; i <= count - (4 * width); i += 4 * width)
        {
            a = Square<TSimd, TVector>(TSimd.Load(x + i), a);
            b = Square<TSimd, TVector>(TSimd.Load(x + i + width), b);
            c = Square<TSimd, TVector>(TSimd.Load(x + i + (2 * width)), c);
            d = Square<TSimd, TVector>(TSimd.Load(x + i + (3 * width)), d);
        }

        for (; i <= count - width; i += width) a = Square<TSimd, TVector>(TSimd.Load(x + i), a);
        if (i < count) b = Square<TSimd, TVector>(VectorMath.LoadTail<TSimd, TVector>(x + i, count - i), b);
        return TSimd.Sum(TSimd.Add(TSimd.Add(a, b), TSimd.Add(c, d)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Square<TSimd, TVector>(TVector value, TVector sum)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.MultiplyAdd(value, value, sum);
}
