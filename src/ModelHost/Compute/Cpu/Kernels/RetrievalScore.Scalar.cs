using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

internal static unsafe partial class RetrievalScore
{
    public static void RunScalar(MatrixPointer q, MatrixPointer keys, float* scores)
    {
        for (int key = 0; key < keys.Rows; key++)
        {
            float sum = 0;
            for (int row = 0; row < q.Rows; row++) sum += 1 / (1 + MathF.Exp(-DotScalar(q.Row(row), keys.Row(key), q.Columns)));
            scores[key] = sum / q.Rows;
        }
    }

    private static float DotScalar(float* a, float* b, int count)
    {
        float sum = 0;
        for (int i = 0; i < count; i++) sum += a[i] * b[i];
        return sum;
    }
}
