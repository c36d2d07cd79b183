using System.Runtime.CompilerServices;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// scores[j] = mean over rows t of sigmoid(q[t]·keys[j]): the score of M+ (section 3.3), fused so that the products never reach memory. Lanes lie
/// along the width; a tile is 4 keys x 2 rows, so 6 loads feed 8 multiply-adds. Floor: 2 rows x keys x width flops at peak for many rows, one
/// read of the keys for few. Measured share: bench/README.md (dotnet run -c Release --project bench/Kernels -- floor).
/// </summary>
internal static unsafe partial class RetrievalScore
{
    private const int KeysPerTile = 4;
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
                    DotTile<TSimd, TVector>(rows, row, keys, key, dots + (row * KeysPerTile));
                AddSigmoids<TSimd, TVector>(dots, rows.Rows, scores + key, Math.Min(KeysPerTile, keys.Rows - key));
            }
        }

        for (int key = 0; key < keys.Rows; key++) scores[key] /= q.Rows;
    }

    /// <summary>Products of rows row and row + 1 with four keys, to dots[2][4]. Beyond the last row or key the last one is taken again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotTile<TSimd, TVector>(MatrixPointer q, int row, MatrixPointer keys, int key, float* dots)
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

        StoreDots(dots, TSimd.Sum(a0), TSimd.Sum(a1), TSimd.Sum(a2), TSimd.Sum(a3));
        StoreDots(dots + KeysPerTile, TSimd.Sum(b0), TSimd.Sum(b1), TSimd.Sum(b2), TSimd.Sum(b3));
        for (; i < width; i++)
        {
            AddProducts(dots, x0[i], k0[i], k1[i], k2[i], k3[i]);
            AddProducts(dots + KeysPerTile, x1[i], k0[i], k1[i], k2[i], k3[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreDots(float* dots, float a, float b, float c, float d)
    {
        dots[0] = a;
        dots[1] = b;
        dots[2] = c;
        dots[3] = d;
    }

    private static void AddProducts(float* dots, float x, float k0, float k1, float k2, float k3)
    {
        dots[0] += x * k0;
        dots[1] += x * k1;
        dots[2] += x * k2;
        dots[3] += x * k3;
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
