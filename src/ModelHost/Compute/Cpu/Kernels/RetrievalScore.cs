using System.Runtime.CompilerServices;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// scores[j] = mean over rows t of sigmoid(q[t]·keys[j]): the score of M+ (section 3.3), fused so that the products never reach memory. Rows of q
/// are the lanes of a panel, keys the rows of a tile, so that one sum across lanes serves 32 products; few rows are read by <see cref="Dots"/>.
/// Floor: 2 rows x keys x width flops at the multiply-add peak for many rows, one read of the keys for few.
/// Measured share: bench/README.md (dotnet run -c Release --project bench/Kernels -- floor).
/// </summary>
internal static unsafe partial class RetrievalScore
{
    private const int KeysPerTile = Dots.KeysPerTile;
    private const int Lanes = Gemm.PanelWidth;

    // A panel that is mostly empty lanes computes more nothing than it saves.
    private const int MostRowsOfDots = 8;

    /// <summary>A panel of q, a sliver of keys and their products.</summary>
    public static long ScratchElements<TTile, TVector>(int columns)
        where TTile : struct, ITile<TVector>
        where TVector : struct => ((long)columns * (Lanes + TTile.SliverRows)) + (TTile.SliverRows * Lanes) + Lanes;

    /// <param name="q">Prompt rows.</param>
    /// <param name="keys">Keys of the same width.</param>
    /// <param name="scores">One for each key.</param>
    /// <param name="scratch"><see cref="ScratchElements"/>, on a cache line.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TTile, TSimd, TVector>(MatrixPointer q, MatrixPointer keys, float* scores, float* scratch)
        where TTile : struct, ITile<TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        new Span<float>(scores, keys.Rows).Clear();
        if (q.Rows <= MostRowsOfDots) AddFew<TSimd, TVector>(q, keys, scores);
        else
        {
            for (int first = 0; first < q.Rows; first += Lanes)
                AddPanel<TTile, TSimd, TVector>(q.SliceRows(first, Math.Min(Lanes, q.Rows - first)), keys, scores, scratch);
        }

        for (int key = 0; key < keys.Rows; key++) scores[key] /= q.Rows;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddFew<TSimd, TVector>(MatrixPointer q, MatrixPointer keys, float* scores)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* dots = stackalloc float[(MostRowsOfDots * KeysPerTile) + VectorMath.MostLanes];
        for (int key = 0; key < keys.Rows; key += KeysPerTile)
        {
            for (int row = 0; row < q.Rows; row += 2)
                Dots.RunTile<TSimd, TVector>(q, row, keys, key, dots + (row * KeysPerTile), KeysPerTile);
            AddSigmoids<TSimd, TVector>(dots, q.Rows, scores + key, Math.Min(KeysPerTile, keys.Rows - key));
        }
    }

    /// <summary>Up to 32 rows of q with all keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddPanel<TTile, TSimd, TVector>(MatrixPointer q, MatrixPointer keys, float* scores, float* scratch)
        where TTile : struct, ITile<TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* panel = scratch;
        float* products = panel + ((nint)q.Columns * Lanes);
        float* isRow = products + (TTile.SliverRows * Lanes);
        float* sliver = isRow + Lanes;
        Transpose.Run(q, Lanes, panel);
        for (int lane = 0; lane < Lanes; lane++) isRow[lane] = lane < q.Rows ? 1 : 0;
        for (int key = 0; key < keys.Rows; key += TTile.SliverRows)
        {
            int height = Math.Min(TTile.SliverRows, keys.Rows - key);
            int padded = Gemm.PaddedRows(height, TTile.SliverGranule);
            Transpose.Run(keys.SliceRows(key, height), padded, sliver);
            TTile.Run<SingleWeights<TSimd, TVector>>(padded, new TileCall
            {
                A = sliver,
                AStep = padded,
                B = (byte*)panel,
                Depth = q.Columns,
                C = products,
                CStep = Lanes,
                Ahead = (byte*)panel,
            });
            for (int row = 0; row < height; row++) scores[key + row] += SumSigmoids<TSimd, TVector>(products + (row * Lanes), isRow);
        }
    }

    /// <summary>Empty lanes count nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumSigmoids<TSimd, TVector>(float* products, float* isRow)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector sum = TSimd.Broadcast(0);
        for (int i = 0; i < Lanes; i += TSimd.Width)
            sum = TSimd.MultiplyAdd(TSimd.Load(isRow + i), VectorMath.Sigmoid<TSimd, TVector>(TSimd.Load(products + i)), sum);
        return TSimd.Sum(sum);
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
