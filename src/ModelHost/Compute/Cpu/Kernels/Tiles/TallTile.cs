using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;

#pragma warning disable MA0051 // A tile is written out: the JIT keeps locals in registers, arrays it does not.

/// <summary>12 rows x 2 vectors, for 32 registers: 24 sums, 2 vectors of weights and 1 number of x are 27; 14 loads feed 24 multiply-adds.</summary>
internal readonly unsafe struct TallTile<TSimd, TVector> : ITile<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int SliverRows => 12;

    public static int SliverGranule => 4;

    public static int RowsAtOnce(int rows) => rows >= 12 ? 12 : rows >= 8 ? 8 : rows >= 4 ? 4 : 1;

    public static void Run<TWeights>(int rows, in TileCall call)
        where TWeights : struct, IPanelWeights<TVector>
    {
        for (int j = 0; j < Gemm.PanelWidth / 2; j += TSimd.Width)
        {
            switch (rows)
            {
                case 12: Run12<TWeights>(j, call); break;
                case 8: Run8<TWeights>(j, call); break;
                case 4: Run4<TWeights>(j, call); break;
                default: Run1<TWeights>(j, call); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run12<TWeights>(int j, in TileCall call)
        where TWeights : struct, IPanelWeights<TVector>
    {
        TVector z = TSimd.Broadcast(0),
            l0 = z, r0 = z, l1 = z, r1 = z, l2 = z, r2 = z, l3 = z, r3 = z,
            l4 = z, r4 = z, l5 = z, r5 = z, l6 = z, r6 = z, l7 = z, r7 = z,
            l8 = z, r8 = z, l9 = z, r9 = z, l10 = z, r10 = z, l11 = z, r11 = z;
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
            x = TSimd.Broadcast(a[6]);
            l6 = TSimd.MultiplyAdd(x, left, l6);
            r6 = TSimd.MultiplyAdd(x, right, r6);
            x = TSimd.Broadcast(a[7]);
            l7 = TSimd.MultiplyAdd(x, left, l7);
            r7 = TSimd.MultiplyAdd(x, right, r7);
            x = TSimd.Broadcast(a[8]);
            l8 = TSimd.MultiplyAdd(x, left, l8);
            r8 = TSimd.MultiplyAdd(x, right, r8);
            x = TSimd.Broadcast(a[9]);
            l9 = TSimd.MultiplyAdd(x, left, l9);
            r9 = TSimd.MultiplyAdd(x, right, r9);
            x = TSimd.Broadcast(a[10]);
            l10 = TSimd.MultiplyAdd(x, left, l10);
            r10 = TSimd.MultiplyAdd(x, right, r10);
            x = TSimd.Broadcast(a[11]);
            l11 = TSimd.MultiplyAdd(x, left, l11);
            r11 = TSimd.MultiplyAdd(x, right, r11);
        }

        Store(call, 0, j, l0, r0, l1, r1);
        Store(call, 2, j, l2, r2, l3, r3);
        Store(call, 4, j, l4, r4, l5, r5);
        Store(call, 6, j, l6, r6, l7, r7);
        Store(call, 8, j, l8, r8, l9, r9);
        Store(call, 10, j, l10, r10, l11, r11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run8<TWeights>(int j, in TileCall call)
        where TWeights : struct, IPanelWeights<TVector>
    {
        TVector z = TSimd.Broadcast(0),
            l0 = z, r0 = z, l1 = z, r1 = z, l2 = z, r2 = z, l3 = z, r3 = z,
            l4 = z, r4 = z, l5 = z, r5 = z, l6 = z, r6 = z, l7 = z, r7 = z;
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
            x = TSimd.Broadcast(a[6]);
            l6 = TSimd.MultiplyAdd(x, left, l6);
            r6 = TSimd.MultiplyAdd(x, right, r6);
            x = TSimd.Broadcast(a[7]);
            l7 = TSimd.MultiplyAdd(x, left, l7);
            r7 = TSimd.MultiplyAdd(x, right, r7);
        }

        Store(call, 0, j, l0, r0, l1, r1);
        Store(call, 2, j, l2, r2, l3, r3);
        Store(call, 4, j, l4, r4, l5, r5);
        Store(call, 6, j, l6, r6, l7, r7);
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
