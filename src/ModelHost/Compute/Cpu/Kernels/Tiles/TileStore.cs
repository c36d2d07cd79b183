using System.Runtime.CompilerServices;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;

/// <summary>What tiles do with the finished sums of one row.</summary>
internal static unsafe class TileStore
{
    /// <summary>Outputs j .. and 16 + j .. of row <paramref name="row"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TSimd, TVector>(in TileCall call, int row, int j, TVector left, TVector right)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* c = call.C + (row * call.CStep) + j;
        if (call.OutputScales != null)
        {
            left = TSimd.Multiply(left, TSimd.Load(call.OutputScales + j));
            right = TSimd.Multiply(right, TSimd.Load(call.OutputScales + (Gemm.PanelWidth / 2) + j));
        }

        if (call.Add)
        {
            TVector scale = TSimd.Broadcast(call.Scale);
            left = TSimd.MultiplyAdd(scale, left, TSimd.Load(c));
            right = TSimd.MultiplyAdd(scale, right, TSimd.Load(c + (Gemm.PanelWidth / 2)));
        }

        TSimd.Store(left, c);
        TSimd.Store(right, c + (Gemm.PanelWidth / 2));
    }
}
