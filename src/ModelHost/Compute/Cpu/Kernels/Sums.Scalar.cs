using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

internal static unsafe partial class Sums
{
    public static void AddScalar(MatrixPointer x, MatrixPointer y)
    {
        for (int row = 0; row < y.Rows; row++) AddOneScalar(x.Row(row), y.Row(row), y.Columns);
    }

    public static void AddRowScalar(float* row, MatrixPointer y)
    {
        for (int r = 0; r < y.Rows; r++) AddOneScalar(row, y.Row(r), y.Columns);
    }

    private static void AddOneScalar(float* x, float* y, int count)
    {
        for (int i = 0; i < count; i++) y[i] += x[i];
    }
}
