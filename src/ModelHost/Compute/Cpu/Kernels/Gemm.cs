using System.Runtime.CompilerServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// y = x Wᵀ for many rows, after Goto and van de Geijn (2008). W lies in panels [panel][input][32 outputs]; rows of x are packed by slivers of 12
/// (AVX2: 6) as [depth block][sliver][input][row]. A block of a panel, 256 x 32 (32 KiB), stays in the first-level cache while all slivers of the
/// block, some hundred KiB in the second level, pass by. BF16 panels are decoded block by block.
/// Floor: 2 rows x inputs x outputs flops at the multiply-add peak. Measured share: bench/README.md
/// (dotnet run -c Release --project bench/Kernels -- floor). Sums are those of <see cref="MultiplyScalar"/>, bit for bit, in every instruction
/// set: neither the other rows of a call nor threads change an output.
/// </summary>
internal static unsafe partial class Gemm
{
    /// <summary>Outputs of W side by side in a panel: two 512-bit vectors, or two cache lines.</summary>
    public const int PanelWidth = 32;

    /// <summary>Inputs that are summed before y is touched: 256 x 32 weights are 32 KiB and stay in the first-level cache.</summary>
    public const int DepthBlock = 256;

    private const int MostTileRows = 12;

    /// <summary>Panels that <paramref name="outputs"/> outputs fill; the last is padded with zeros.</summary>
    public static int PanelCount(int outputs) => (outputs + PanelWidth - 1) / PanelWidth;

    /// <summary>Rows after padding the last sliver.</summary>
    public static int PaddedRows(int rows, int granule) => (rows + granule - 1) / granule * granule;

    /// <summary>Packs rows [firstRow, firstRow + rows) of x into their places of <paramref name="packed"/>, padded with zeros to <paramref name="padded"/> rows.</summary>
    public static void PackSliver(MatrixPointer x, int firstRow, int rows, int padded, float* packed, int allPadded)
    {
        for (int depth = 0; depth < x.Columns; depth += DepthBlock)
        {
            int count = Math.Min(DepthBlock, x.Columns - depth);
            float* block = packed + ((nint)depth * allPadded) + ((nint)firstRow * count);
            Transpose.Run(new MatrixPointer(x.Row(firstRow) + depth, rows, count, x.Stride), padded, block);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyPacked<TTile, TSimd, TVector>(in GemmCall call, in GemmBlock block)
        where TTile : struct, ITile
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int padded = PaddedRows(block.Rows, TTile.SliverGranule);
        for (int depth = 0; depth < call.Inputs; depth += DepthBlock)
        {
            int count = Math.Min(DepthBlock, call.Inputs - depth);
            float* rows = block.PackedRows + ((nint)depth * padded);
            var finish = new Finish(call.Accumulate || depth > 0, call.Scale);
            for (int panel = block.FirstPanel; panel < block.EndPanel; panel++)
            {
                float* weights = PanelBlock<TSimd, TVector>(call, panel, depth, count, block.Decoded);
                MultiplySlivers<TTile>(call, block, rows, weights, panel, count, finish);
            }
        }
    }

    private static float* PanelBlock<TSimd, TVector>(in GemmCall call, int panel, int depth, int count, float* decoded)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (call.Storage == ElementType.F32) return call.PanelF32(panel) + ((nint)depth * PanelWidth);
        Convert.WidenBFloat16<TSimd, TVector>(call.PanelBF16(panel) + ((nint)depth * PanelWidth), decoded, count * PanelWidth);
        return decoded;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplySlivers<TTile>(in GemmCall call, in GemmBlock block, float* rows, float* weights, int panel, int count, in Finish finish)
        where TTile : struct, ITile
    {
        int columns = Math.Min(PanelWidth, call.Outputs - (panel * PanelWidth));
        for (int sliver = block.FirstSliver; sliver < block.EndSliver; sliver++)
        {
            int first = sliver * TTile.SliverRows;
            int height = Math.Min(TTile.SliverRows, block.Rows - first);
            int padded = PaddedRows(height, TTile.SliverGranule);
            float* y = call.Y.Row(block.FirstRow + first) + (panel * PanelWidth);
            float* x = rows + ((nint)first * count);
            if (height == padded && columns == PanelWidth) TTile.Run(padded, x, padded, weights, count, y, call.Y.Stride, finish);
            else RunEdge<TTile>(padded, x, weights, count, new MatrixPointer(y, height, columns, call.Y.Stride), finish);
        }
    }

    /// <summary>A tile that sticks out of y is computed aside.</summary>
    [SkipLocalsInit]
    private static void RunEdge<TTile>(int padded, float* x, float* weights, int count, MatrixPointer y, in Finish finish)
        where TTile : struct, ITile
    {
        float* tile = stackalloc float[MostTileRows * PanelWidth];
        TTile.Run(padded, x, padded, weights, count, tile, PanelWidth, new Finish(Add: false, Scale: 1));
        for (int row = 0; row < y.Rows; row++)
        {
            float* to = y.Row(row);
            float* from = tile + (row * PanelWidth);
            for (int i = 0; i < y.Columns; i++) to[i] = finish.Add ? MathF.FusedMultiplyAdd(finish.Scale, from[i], to[i]) : from[i];
        }
    }
}
