using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// y = x Wᵀ for one to four rows: bound by reading W, which lies in panels (<see cref="Gemm"/>) and is read once and in order; a third row
/// reads the cached block again. Eight sums hide the latency of the multiply-add: one row x 8 vectors of outputs, two x 4 or four x 2.
/// Floor: bytes of W at memory bandwidth. Measured share: bench/README.md (dotnet run -c Release --project bench/Kernels -- floor).
/// The sums are those of <see cref="Gemm.MultiplyScalar"/>, bit for bit.
/// </summary>
internal static unsafe class Gemv
{
    private const int MostPanelsAtOnce = 4;
    private const int PrefetchBytes = 4096;

    public static void Run<TSimd, TVector>(in GemmCall call, int firstPanel, int endPanel)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (call.Storage == ElementType.BF16) RunGroups<TSimd, TVector, BFloat16Weights<TSimd, TVector>>(call, firstPanel, endPanel);
        else RunGroups<TSimd, TVector, SingleWeights<TSimd, TVector>>(call, firstPanel, endPanel);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunGroups<TSimd, TVector, TWeights>(in GemmCall call, int firstPanel, int endPanel)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TWeights : struct, IWeights<TVector>
    {
        // Panels that a tile takes at once, so that each is read to its end: eight vectors of outputs for an odd row, else four or two.
        int vectors = call.X.Rows % 2 == 1 ? 8 : 8 / call.X.Rows;
        int group = Math.Max(1, vectors * TSimd.Width / Gemm.PanelWidth);
        for (int panel = firstPanel; panel < endPanel; panel += group)
        {
            int end = Math.Min(panel + group, endPanel);
            for (int depth = 0; depth < call.Inputs; depth += Gemm.DepthBlock)
            {
                int count = Math.Min(Gemm.DepthBlock, call.Inputs - depth);
                int row = 0;
                for (; row + 3 < call.X.Rows; row += 4) MultiplyFour<TSimd, TVector, TWeights>(call, row, panel, end, depth, count);
                for (; row + 1 < call.X.Rows; row += 2) MultiplyPair<TSimd, TVector, TWeights>(call, row, panel, end, depth, count);
                if (row < call.X.Rows) MultiplyRow<TSimd, TVector, TWeights>(call, row, panel, end, depth, count);
            }
        }
    }

    /// <summary>One row with up to four panels. Where fewer are left, the last takes the place of the missing ones, and is stored once.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyRow<TSimd, TVector, TWeights>(in GemmCall call, int row, int firstPanel, int endPanel, int depth, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TWeights : struct, IWeights<TVector>
    {
        int width = TSimd.Width;
        int perPanel = Gemm.PanelWidth / width;
        byte* w0 = WeightsAt<TWeights, TVector>(call, firstPanel, endPanel, 0, perPanel, depth, width);
        byte* w1 = WeightsAt<TWeights, TVector>(call, firstPanel, endPanel, 2, perPanel, depth, width);
        byte* w2 = WeightsAt<TWeights, TVector>(call, firstPanel, endPanel, 4, perPanel, depth, width);
        byte* w3 = WeightsAt<TWeights, TVector>(call, firstPanel, endPanel, 6, perPanel, depth, width);
        float* x = call.X.Row(row) + depth;
        TVector s0 = TSimd.Broadcast(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        nint next = width * TWeights.Bytes;
        nint step = Gemm.PanelWidth * TWeights.Bytes;
        for (nint at = 0; count > 0; count--, at += step)
        {
            TVector value = TSimd.Broadcast(*x++);
            s0 = TSimd.MultiplyAdd(value, TWeights.Load(w0 + at), s0);
            s1 = TSimd.MultiplyAdd(value, TWeights.Load(w0 + at + next), s1);
            s2 = TSimd.MultiplyAdd(value, TWeights.Load(w1 + at), s2);
            s3 = TSimd.MultiplyAdd(value, TWeights.Load(w1 + at + next), s3);
            s4 = TSimd.MultiplyAdd(value, TWeights.Load(w2 + at), s4);
            s5 = TSimd.MultiplyAdd(value, TWeights.Load(w2 + at + next), s5);
            s6 = TSimd.MultiplyAdd(value, TWeights.Load(w3 + at), s6);
            s7 = TSimd.MultiplyAdd(value, TWeights.Load(w3 + at + next), s7);
        }

        float* sums = stackalloc float[MostPanelsAtOnce * Gemm.PanelWidth];
        TSimd.Store(s0, sums);
        TSimd.Store(s1, sums + width);
        TSimd.Store(s2, sums + (2 * width));
        TSimd.Store(s3, sums + (3 * width));
        TSimd.Store(s4, sums + (4 * width));
        TSimd.Store(s5, sums + (5 * width));
        TSimd.Store(s6, sums + (6 * width));
        TSimd.Store(s7, sums + (7 * width));
        StoreSums<TSimd, TVector>(call, sums, row, firstPanel, endPanel, depth > 0);
    }

    /// <summary>Two rows with half a group at a time, so that both use each loaded vector.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyPair<TSimd, TVector, TWeights>(in GemmCall call, int row, int firstPanel, int endPanel, int depth, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TWeights : struct, IWeights<TVector>
    {
        int width = TSimd.Width;
        int perPanel = Gemm.PanelWidth / width;
        int half = 4 / perPanel;
        float* sums = stackalloc float[MostPanelsAtOnce * Gemm.PanelWidth];
        nint next = width * TWeights.Bytes;
        nint step = Gemm.PanelWidth * TWeights.Bytes;
        for (int panel = firstPanel; panel < endPanel; panel += half)
        {
            int end = Math.Min(panel + half, endPanel);
            byte* w0 = WeightsAt<TWeights, TVector>(call, panel, end, 0, perPanel, depth, width);
            byte* w1 = WeightsAt<TWeights, TVector>(call, panel, end, 2, perPanel, depth, width);
            float* x0 = call.X.Row(row) + depth;
            float* x1 = call.X.Row(row + 1) + depth;
            TVector a0 = TSimd.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
            nint at = 0;
            for (int k = 0; k < count; k++, at += step)
            {
                TVector a = TSimd.Broadcast(x0[k]);
                TVector b = TSimd.Broadcast(x1[k]);
                TVector w = TWeights.Load(w0 + at);
                a0 = TSimd.MultiplyAdd(a, w, a0);
                b0 = TSimd.MultiplyAdd(b, w, b0);
                w = TWeights.Load(w0 + at + next);
                a1 = TSimd.MultiplyAdd(a, w, a1);
                b1 = TSimd.MultiplyAdd(b, w, b1);
                w = TWeights.Load(w1 + at);
                a2 = TSimd.MultiplyAdd(a, w, a2);
                b2 = TSimd.MultiplyAdd(b, w, b2);
                w = TWeights.Load(w1 + at + next);
                a3 = TSimd.MultiplyAdd(a, w, a3);
                b3 = TSimd.MultiplyAdd(b, w, b3);
            }

            StoreFour<TSimd, TVector>(sums, a0, a1, a2, a3);
            StoreSums<TSimd, TVector>(call, sums, row, panel, end, depth > 0);
            StoreFour<TSimd, TVector>(sums, b0, b1, b2, b3);
            StoreSums<TSimd, TVector>(call, sums, row + 1, panel, end, depth > 0);
        }
    }

    /// <summary>Four rows with two vectors at a time: a whole panel of 512-bit vectors, or half of one of 256.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFour<TSimd, TVector, TWeights>(in GemmCall call, int row, int firstPanel, int endPanel, int depth, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TWeights : struct, IWeights<TVector>
    {
        int width = TSimd.Width;
        float* sums = stackalloc float[4 * Gemm.PanelWidth];
        nint next = width * TWeights.Bytes;
        nint step = Gemm.PanelWidth * TWeights.Bytes;
        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            for (int half = 0; half < Gemm.PanelWidth; half += 2 * width)
            {
                byte* w = WeightsAt<TWeights, TVector>(call, panel, endPanel, 0, 1, depth, width) + (half * TWeights.Bytes);
                float* x0 = call.X.Row(row) + depth;
                float* x1 = call.X.Row(row + 1) + depth;
                float* x2 = call.X.Row(row + 2) + depth;
                float* x3 = call.X.Row(row + 3) + depth;
                TVector a0 = TSimd.Broadcast(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
                for (int k = 0; k < count; k++, w += step)
                {
                    if (Sse.IsSupported) Sse.Prefetch0(w + PrefetchBytes);
                    TVector left = TWeights.Load(w);
                    TVector right = TWeights.Load(w + next);
                    TVector x = TSimd.Broadcast(x0[k]);
                    a0 = TSimd.MultiplyAdd(x, left, a0);
                    a1 = TSimd.MultiplyAdd(x, right, a1);
                    x = TSimd.Broadcast(x1[k]);
                    b0 = TSimd.MultiplyAdd(x, left, b0);
                    b1 = TSimd.MultiplyAdd(x, right, b1);
                    x = TSimd.Broadcast(x2[k]);
                    c0 = TSimd.MultiplyAdd(x, left, c0);
                    c1 = TSimd.MultiplyAdd(x, right, c1);
                    x = TSimd.Broadcast(x3[k]);
                    d0 = TSimd.MultiplyAdd(x, left, d0);
                    d1 = TSimd.MultiplyAdd(x, right, d1);
                }

                StoreTwo<TSimd, TVector>(sums + half, a0, a1);
                StoreTwo<TSimd, TVector>(sums + Gemm.PanelWidth + half, b0, b1);
                StoreTwo<TSimd, TVector>(sums + (2 * Gemm.PanelWidth) + half, c0, c1);
                StoreTwo<TSimd, TVector>(sums + (3 * Gemm.PanelWidth) + half, d0, d1);
            }

            for (int i = 0; i < 4; i++)
                StoreSums<TSimd, TVector>(call, sums + (i * Gemm.PanelWidth), row + i, panel, panel + 1, depth > 0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTwo<TSimd, TVector>(float* sums, TVector left, TVector right)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TSimd.Store(left, sums);
        TSimd.Store(right, sums + TSimd.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour<TSimd, TVector>(float* sums, TVector a, TVector b, TVector c, TVector d)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TSimd.Store(a, sums);
        TSimd.Store(b, sums + TSimd.Width);
        TSimd.Store(c, sums + (2 * TSimd.Width));
        TSimd.Store(d, sums + (3 * TSimd.Width));
    }

    /// <summary>Where vector <paramref name="vector"/> of a group begins at input <paramref name="depth"/>.</summary>
    private static byte* WeightsAt<TWeights, TVector>(in GemmCall call, int firstPanel, int endPanel, int vector, int perPanel, int depth, int width)
        where TVector : struct
        where TWeights : struct, IWeights<TVector>
    {
        int panel = Math.Min(firstPanel + (vector / perPanel), endPanel - 1);
        nint elements = (((nint)panel * call.Inputs) + depth) * Gemm.PanelWidth;
        return (byte*)call.Panels + ((elements + (vector % perPanel * width)) * TWeights.Bytes);
    }

    private static void StoreSums<TSimd, TVector>(in GemmCall call, float* sums, int row, int firstPanel, int endPanel, bool continued)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int first = firstPanel * Gemm.PanelWidth;
        int count = Math.Min(endPanel * Gemm.PanelWidth, call.Outputs) - first;
        float* y = call.Y.Row(row) + first;
        bool add = continued || call.Accumulate;
        TVector scale = TSimd.Broadcast(call.Scale);
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
        {
            TVector sum = TSimd.Load(sums + i);
            TSimd.Store(add ? TSimd.MultiplyAdd(scale, sum, TSimd.Load(y + i)) : sum, y + i);
        }

        for (; i < count; i++) y[i] = add ? MathF.FusedMultiplyAdd(call.Scale, sums[i], y[i]) : sums[i];
    }
}
