using System.Runtime.CompilerServices;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// Rotates each head of each row by its position (Su et al. 2021), Hugging Face layout: element i pairs with i + headSize / 2. The angles of a
/// row are shared by its heads and come from a table, so the floor is one read and one write of the matrix.
/// </summary>
internal static unsafe partial class Rope
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector>(MatrixPointer x, int headSize, float* table)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int half = headSize / 2;
        int whole = half - (half % TSimd.Width);
        for (int row = 0; row < x.Rows; row++)
        {
            float* cosines = table + ((nint)row * headSize);
            float* sines = cosines + half;
            for (int head = 0; head < x.Columns; head += headSize)
            {
                float* low = x.Row(row) + head;
                float* high = low + half;
                for (int i = 0; i < whole; i += TSimd.Width)
                {
                    TVector a = TSimd.Load(low + i);
                    TVector b = TSimd.Load(high + i);
                    TVector cosine = TSimd.Load(cosines + i);
                    TVector sine = TSimd.Load(sines + i);
                    TSimd.Store(TSimd.Subtract(TSimd.Multiply(a, cosine), TSimd.Multiply(b, sine)), low + i);
                    TSimd.Store(TSimd.Add(TSimd.Multiply(b, cosine), TSimd.Multiply(a, sine)), high + i);
                }

                for (int i = whole; i < half; i++) RotateOne(low + i, high + i, cosines[i], sines[i]);
            }
        }
    }

    private static void RotateOne(float* low, float* high, float cosine, float sine)
    {
        float a = *low;
        float b = *high;
        *low = (a * cosine) - (b * sine);
        *high = (b * cosine) + (a * sine);
    }
}
