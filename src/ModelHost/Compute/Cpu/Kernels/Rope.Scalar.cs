using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

internal static unsafe partial class Rope
{
    public static void RunScalar(MatrixPointer x, int headSize, float* table)
    {
        int half = headSize / 2;
        for (int row = 0; row < x.Rows; row++)
        {
            float* cosines = table + ((nint)row * headSize);
            float* sines = cosines + half;
            for (int head = 0; head < x.Columns; head += headSize)
            {
                float* low = x.Row(row) + head;
                float* high = low + half;
                for (int i = 0; i < half; i++) RotateOne(low + i, high + i, cosines[i], sines[i]);
            }
        }
    }
}
