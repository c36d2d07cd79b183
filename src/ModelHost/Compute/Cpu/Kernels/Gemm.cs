using System.Runtime.CompilerServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// y = x Wᵀ for many rows, after Goto and van de Geijn (2008). W lies in panels [panel][input][32 outputs]; rows of x are packed by slivers of 12
/// (AVX2: 6) as [depth block][sliver][input][row]. A block of a panel, 256 x 32 (32 KiB), stays in the first-level cache while all slivers of the
/// block, some hundred KiB in the second level, pass by. BF16 and I8 weights are widened in the tile.
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

    // Each fetches a part of the next block, so that memory is busy all the time; with more slivers than this fetching is no part of the cost.
    private const int MostFetchingSlivers = 4;

    /// <summary>Panels that <paramref name="outputs"/> outputs fill; the last is padded with zeros.</summary>
    public static int PanelCount(int outputs) => (outputs + PanelWidth - 1) / PanelWidth;

    /// <summary>Rows after padding the last sliver.</summary>
    public static int PaddedRows(int rows, int granule) => (rows + granule - 1) / granule * granule;

    /// <summary>Packs the rows of a sliver, of which the first is <paramref name="firstRow"/> of all that are packed, padded with zeros to <paramref name="padded"/> rows.</summary>
    public static void PackSliver(MatrixPointer sliver, int firstRow, int padded, float* packed, int allPadded)
    {
        for (int depth = 0; depth < sliver.Columns; depth += DepthBlock)
        {
            int count = Math.Min(DepthBlock, sliver.Columns - depth);
            float* block = packed + ((nint)depth * allPadded) + ((nint)firstRow * count);
            Transpose.Run(new MatrixPointer(sliver.Start + depth, sliver.Rows, count, sliver.Stride), padded, block);
        }
    }

    /// <summary>Where output <paramref name="lane"/> of a panel lies among the 32 weights of an input (<see cref="IPanelWeights{TVector}"/>).</summary>
    public static int PlaceOf(int lane, ElementType storage) =>
        storage == ElementType.BF16 ? (lane % (PanelWidth / 2) * 2) + (lane / (PanelWidth / 2)) : lane;

    public static void MultiplyPacked<TTile, TSimd, TVector>(in GemmCall call, in GemmBlock block)
        where TTile : struct, ITile<TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (call.Storage == ElementType.BF16) MultiplyBlocks<TTile, TVector, BFloat16Weights<TSimd, TVector>>(call, block);
        else if (call.Storage == ElementType.I8) MultiplyBlocks<TTile, TVector, Int8Weights<TSimd, TVector>>(call, block);
        else MultiplyBlocks<TTile, TVector, SingleWeights<TSimd, TVector>>(call, block);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyBlocks<TTile, TVector, TWeights>(in GemmCall call, in GemmBlock block)
        where TTile : struct, ITile<TVector>
        where TVector : struct
        where TWeights : struct, IPanelWeights<TVector>
    {
        int padded = PaddedRows(block.Rows, TTile.SliverGranule);
        for (int depth = 0; depth < call.Inputs; depth += DepthBlock)
        {
            int count = Math.Min(DepthBlock, call.Inputs - depth);
            float* rows = block.PackedRows + ((nint)depth * padded);
            for (int panel = block.FirstPanel; panel < block.EndPanel; panel++)
            {
                // The block that comes next is fetched meanwhile; few rows would else wait for it as long as they compute.
                byte* weights = call.WeightsAt(panel, depth);
                MultiplySlivers<TTile, TVector, TWeights>(call, block, panel, new PanelBlock(rows, weights, depth, count, Next(call, block, panel, depth, count)));
            }
        }
    }

    /// <summary>The block after this one in the order of <see cref="MultiplyBlocks"/>; the last has none and names itself.</summary>
    private static byte* Next(in GemmCall call, in GemmBlock block, int panel, int depth, int count)
    {
        if (panel + 1 < block.EndPanel) return call.WeightsAt(panel + 1, depth);
        return depth + count < call.Inputs ? call.WeightsAt(block.FirstPanel, depth + count) : call.WeightsAt(panel, depth);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplySlivers<TTile, TVector, TWeights>(in GemmCall call, in GemmBlock block, int panel, in PanelBlock part)
        where TTile : struct, ITile<TVector>
        where TVector : struct
        where TWeights : struct, IPanelWeights<TVector>
    {
        int columns = Math.Min(PanelWidth, call.Outputs - (panel * PanelWidth));
        int sharers = Math.Min(block.EndSliver - block.FirstSliver, MostFetchingSlivers);
        nint aheadStep = TWeights.PanelStep / sharers;
        for (int sliver = block.FirstSliver; sliver < block.EndSliver; sliver++)
        {
            int first = sliver * TTile.SliverRows;
            int height = Math.Min(TTile.SliverRows, block.Rows - first);
            int padded = PaddedRows(height, TTile.SliverGranule);
            bool whole = height == padded && columns == PanelWidth;
            int share = sliver - block.FirstSliver;
            bool fetches = share < sharers;
            var tile = new TileCall
            {
                A = part.Rows + ((nint)first * part.Count),
                AStep = padded,
                B = part.Weights,
                Depth = part.Count,
                C = call.Y.Row(block.FirstRow + first) + (panel * PanelWidth),
                CStep = call.Y.Stride,
                Add = call.Accumulate || part.Depth > 0,
                Scale = call.Scale,
                OutputScales = call.ScalesOf(panel),
                Ahead = fetches ? part.Next + (share * aheadStep * part.Count) : part.Weights,
                AheadStep = fetches ? aheadStep : 0,
            };
            if (whole) TTile.Run<TWeights>(padded, tile);
            else RunEdge<TTile, TVector, TWeights>(padded, tile, height, columns);
        }
    }

    /// <summary>A tile that sticks out of y is computed aside.</summary>
    [SkipLocalsInit]
    private static void RunEdge<TTile, TVector, TWeights>(int padded, in TileCall tile, int rows, int columns)
        where TTile : struct, ITile<TVector>
        where TVector : struct
        where TWeights : struct, IPanelWeights<TVector>
    {
        float* aside = stackalloc float[MostTileRows * PanelWidth];
        TTile.Run<TWeights>(padded, tile with { C = aside, CStep = PanelWidth, Add = false });
        for (int row = 0; row < rows; row++)
        {
            float* to = tile.C + (row * tile.CStep);
            float* from = aside + (row * PanelWidth);
            for (int i = 0; i < columns; i++) to[i] = tile.Add ? MathF.FusedMultiplyAdd(tile.Scale, from[i], to[i]) : from[i];
        }
    }

    /// <summary>One block of inputs of a panel, the packed rows that meet it, and the weights that will be needed next.</summary>
    private readonly struct PanelBlock(float* rows, byte* weights, int depth, int count, byte* next)
    {
        public float* Rows => rows;

        public byte* Weights => weights;

        public int Depth => depth;

        public int Count => count;

        public byte* Next => next;
    }
}
