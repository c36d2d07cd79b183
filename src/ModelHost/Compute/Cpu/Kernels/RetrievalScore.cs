using System.Runtime.CompilerServices;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// scores[j] = mean over rows t of sigmoid(q[t]·keys[j]): the score of M+ (section 3.3), fused so that the products never reach memory. Tiles
/// of <see cref="Dots"/>. Floor: 2 rows x keys x width flops at the multiply-add peak for many rows, one read of the keys for few.
/// Measured share: bench/README.md (dotnet run -c Release --project bench/Kernels -- floor).
/// </summary>
internal static unsafe partial class RetrievalScore
{
    private const int KeysPerTile = Dots.KeysPerTile;
    private const int RowsPerPass = 128;

    // Rows of q that every tile of a pass reads again: a quarter of a second-level cache of 1 MiB.
    private const int BytesPerPass = 256 * 1024;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector>(MatrixPointer q, MatrixPointer keys, float* scores)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* dots = stackalloc float[RowsPerPass * KeysPerTile];
        int rowsPerPass = Math.Clamp(BytesPerPass / (q.Columns * sizeof(float)) / 2 * 2, 2, RowsPerPass);
        new Span<float>(scores, keys.Rows).Clear();
        for (int first = 0; first < q.Rows; first += rowsPerPass)
        {
            MatrixPointer rows = q.SliceRows(first, Math.Min(rowsPerPass, q.Rows - first));
            for (int key = 0; key < keys.Rows; key += KeysPerTile)
            {
                for (int row = 0; row < rows.Rows; row += 2)
                    Dots.RunTile<TSimd, TVector>(rows, row, keys, key, dots + (row * KeysPerTile), KeysPerTile);
                AddSigmoids<TSimd, TVector>(dots, rows.Rows, scores + key, Math.Min(KeysPerTile, keys.Rows - key));
            }
        }

        for (int key = 0; key < keys.Rows; key++) scores[key] /= q.Rows;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSigmoids<TSimd, TVector>(float* dots, int rows, float* sums, int keys)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int count = rows * KeysPerTile;
        // The buffer is longer than any count by less than a vector, or whole vectors long; what lies behind is computed and not used.
        for (int i = 0; i < count; i += TSimd.Width) TSimd.Store(VectorMath.Sigmoid<TSimd, TVector>(TSimd.Load(dots + i)), dots + i);
        for (int row = 0; row < rows; row++)
        {
            for (int key = 0; key < keys; key++) sums[key] += dots[(row * KeysPerTile) + key];
        }
    }
}
