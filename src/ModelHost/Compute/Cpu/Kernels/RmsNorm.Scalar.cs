using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

internal static unsafe partial class RmsNorm
{
    public static void RunScalar(MatrixPointer x, float* gain, float epsilon, MatrixPointer y)
    {
        for (int row = 0; row < x.Rows; row++)
        {
            float* from = x.Row(row);
            float* to = y.Row(row);
            float squares = 0;
            for (int i = 0; i < x.Columns; i++) squares += from[i] * from[i];
            float factor = 1 / MathF.Sqrt((squares / x.Columns) + epsilon);
            for (int i = 0; i < x.Columns; i++) to[i] = from[i] * factor * gain[i];
        }
    }
}
