using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;

#pragma warning disable MA0051 // A tile is written out: the JIT keeps locals in registers, arrays it does not.

/// <summary>6 rows x 2 vectors, for 16 registers: 12 sums, 2 vectors of weights and 1 number of x are 15; 8 loads feed 12 multiply-adds.</summary>
internal readonly unsafe struct FlatTile<TSimd, TVector> : ITile<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int SliverRows => 6;

    public static int SliverGranule => 2;

    public static int RowsAtOnce(int rows) => rows >= 6 ? 6 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;

    public static void Run<TWeights>(int rows, in TileCall call)
        where TWeights : struct, IPanelWeights<TVector>
    {
        for (int j = 0; j < Gemm.PanelWidth / 2; j += TSimd.Width)
        {
            switch (rows)
            {
                case 6: Run6<TWeights>(j, call); break;
                case 4: Run4<TWeights>(j, call); break;
                case 2: Run2<TWeights>(j, call); break;
                default: Run1<TWeights>(j, call); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run6<TWeights>(int j, in TileCall call)
        where TWeights : struct, IPanelWeights<TVector>
    {
        TVector z = TSimd.Broadcast(0),
            l0 = z, r0 = z, l1 = z, r1 = z, l2 = z, r2 = z, l3 = z, r3 = z,
            l4 = z, r4 = z, l5 = z, r5 = z;
        float* a = call.A;
        byte* b = call.B + TWeights.Offset(j), ahead = call.Ahead;
        nint aStep = call.AStep, aheadStep = call.AheadStep;
        for (int k = call.Depth; k > 0; k--, a += aStep, b += TWeights.PanelStep, ahead += aheadStep)
        {
            if (Sse.IsSupported) Sse.Prefetch1(ahead);
            TVector left = TWeights.Left(b), right = TWeights.Right(b);
            TVector x = TSimd.Broadcast(*a);
            l0 = TSimd.MultiplyAdd(x, left, l0);
            r0 = TSimd.MultiplyAdd(x, right, r0);
            x = TSimd.Broadcast(a[1]);
            l1 = TSimd.MultiplyAdd(x, left, l1);
            r1 = TSimd.MultiplyAdd(x, right, r1);
            x = TSimd.Broadcast(a[2]);
            l2 = TSimd.MultiplyAdd(x, left, l2);
            r2 = TSimd.MultiplyAdd(x, right, r2);
            x = TSimd.Broadcast(a[3]);
            l3 = TSimd.MultiplyAdd(x, left, l3);
            r3 = TSimd.MultiplyAdd(x, right, r3);
            x = TSimd.Broadcast(a[4]);
            l4 = TSimd.MultiplyAdd(x, left, l4);
            r4 = TSimd.MultiplyAdd(x, right, r4);
            x = TSimd.Broadcast(a[5]);
            l5 = TSimd.MultiplyAdd(x, left, l5);
            r5 = TSimd.MultiplyAdd(x, right, r5);
        }

        Store(call, 0, j, l0, r0, l1, r1);
        Store(call, 2, j, l2, r2, l3, r3);
        Store(call, 4, j, l4, r4, l5, r5);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run4<TWeights>(int j, in TileCall call)
        where TWeights : struct, IPanelWeights<TVector>
    {
        TVector z = TSimd.Broadcast(0),
            l0 = z, r0 = z, l1 = z, r1 = z, l2 = z, r2 = z, l3 = z, r3 = z;
        float* a = call.A;
        byte* b = call.B + TWeights.Offset(j), ahead = call.Ahead;
        nint aStep = call.AStep, aheadStep = call.AheadStep;
        for (int k = call.Depth; k > 0; k--, a += aStep, b += TWeights.PanelStep, ahead += aheadStep)
        {
            if (Sse.IsSupported) Sse.Prefetch1(ahead);
            TVector left = TWeights.Left(b), right = TWeights.Right(b);
            TVector x = TSimd.Broadcast(*a);
            l0 = TSimd.MultiplyAdd(x, left, l0);
            r0 = TSimd.MultiplyAdd(x, right, r0);
            x = TSimd.Broadcast(a[1]);
            l1 = TSimd.MultiplyAdd(x, left, l1);
            r1 = TSimd.MultiplyAdd(x, right, r1);
            x = TSimd.Broadcast(a[2]);
            l2 = TSimd.MultiplyAdd(x, left, l2);
            r2 = TSimd.MultiplyAdd(x, right, r2);
            x = TSimd.Broadcast(a[3]);
            l3 = TSimd.MultiplyAdd(x, left, l3);
            r3 = TSimd.MultiplyAdd(x, right, r3);
        }

        Store(call, 0, j, l0, r0, l1, r1);
        Store(call, 2, j, l2, r2, l3, r3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run2<TWeights>(int j, in TileCall call)
        where TWeights : struct, IPanelWeights<TVector>
    {
        TVector z = TSimd.Broadcast(0),
            l0 = z, r0 = z, l1 = z, r1 = z;
        float* a = call.A;
        byte* b = call.B + TWeights.Offset(j), ahead = call.Ahead;
        nint aStep = call.AStep, aheadStep = call.AheadStep;
        for (int k = call.Depth; k > 0; k--, a += aStep, b += TWeights.PanelStep, ahead += aheadStep)
        {
            if (Sse.IsSupported) Sse.Prefetch1(ahead);
            TVector left = TWeights.Left(b), right = TWeights.Right(b);
            TVector x = TSimd.Broadcast(*a);
            l0 = TSimd.MultiplyAdd(x, left, l0);
            r0 = TSimd.MultiplyAdd(x, right, r0);
            x = TSimd.Broadcast(a[1]);
            l1 = TSimd.MultiplyAdd(x, left, l1);
            r1 = TSimd.MultiplyAdd(x, right, r1);
        }

        Store(call, 0, j, l0, r0, l1, r1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run1<TWeights>(int j, in TileCall call)
        where TWeights : struct, IPanelWeights<TVector>
    {
        TVector z = TSimd.Broadcast(0),
            l0 = z, r0 = z;
        float* a = call.A;
        byte* b = call.B + TWeights.Offset(j), ahead = call.Ahead;
        nint aStep = call.AStep, aheadStep = call.AheadStep;
        for (int k = call.Depth; k > 0; k--, a += aStep, b += TWeights.PanelStep, ahead += aheadStep)
        {
            if (Sse.IsSupported) Sse.Prefetch1(ahead);
            TVector left = TWeights.Left(b), right = TWeights.Right(b);
            TVector x = TSimd.Broadcast(*a);
            l0 = TSimd.MultiplyAdd(x, left, l0);
            r0 = TSimd.MultiplyAdd(x, right, r0);
        }

        TileStore.Run<TSimd, TVector>(call, 0, j, l0, r0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(in TileCall call, int row, int j, TVector left, TVector right, TVector nextLeft, TVector nextRight)
    {
        TileStore.Run<TSimd, TVector>(call, row, j, left, right);
        TileStore.Run<TSimd, TVector>(call, row + 1, j, nextLeft, nextRight);
    }
}
