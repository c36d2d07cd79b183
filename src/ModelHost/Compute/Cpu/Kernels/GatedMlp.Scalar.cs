using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

internal static unsafe partial class GatedMlp
{
    public static void SiluMultiplyScalar(MatrixPointer gate, MatrixPointer up)
    {
        for (int row = 0; row < gate.Rows; row++)
        {
            float* g = gate.Row(row);
            float* u = up.Row(row);
            for (int i = 0; i < gate.Columns; i++) g[i] = g[i] / (1 + MathF.Exp(-g[i])) * u[i];
        }
    }

    public static void SiluScalar(MatrixPointer x)
    {
        for (int row = 0; row < x.Rows; row++)
        {
            float* values = x.Row(row);
            for (int i = 0; i < x.Columns; i++) values[i] /= 1 + MathF.Exp(-values[i]);
        }
    }
}
