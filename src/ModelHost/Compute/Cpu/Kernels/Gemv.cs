using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// y = x Wᵀ for one or two rows: bound by reading W, which lies in panels (<see cref="Gemm"/>) and is read once and in order. Eight
/// sums hide the latency of the multiply-add: one row x 4 pairs of vectors, or two x 2.
/// Floor: bytes of W at memory bandwidth. Measured share: bench/README.md (dotnet run -c Release --project bench/Kernels -- floor).
/// The sums are those of <see cref="Gemm.MultiplyScalar"/>, bit for bit.
/// </summary>
internal static unsafe class Gemv
{
    // Where the processor's own foresight falls short: some hundred nanoseconds of reading.
    private const int PrefetchBytes = 4096;

    public static void Run<TSimd, TVector>(in GemmCall call, int firstPanel, int endPanel)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (call.Storage == ElementType.BF16) RunGroups<TSimd, TVector, BFloat16Weights<TSimd, TVector>>(call, firstPanel, endPanel);
        else if (call.Storage == ElementType.I8) RunGroups<TSimd, TVector, Int8Weights<TSimd, TVector>>(call, firstPanel, endPanel);
        else RunGroups<TSimd, TVector, SingleWeights<TSimd, TVector>>(call, firstPanel, endPanel);
    }

    /// <summary>Pairs of vectors (<see cref="IPanelWeights{TVector}"/>) are numbered through all panels. A group is what one row takes at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunGroups<TSimd, TVector, TWeights>(in GemmCall call, int firstPanel, int endPanel)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TWeights : struct, IPanelWeights<TVector>
    {
        int perPanel = PairsPerPanel<TSimd, TVector>();
        int endPair = endPanel * perPanel;
        int group = call.X.Rows % 2 == 1 ? 4 : Math.Max(perPanel, 4 / call.X.Rows);
        for (int pair = firstPanel * perPanel; pair < endPair; pair += group)
        {
            int end = Math.Min(pair + group, endPair);
            for (int depth = 0; depth < call.Inputs; depth += Gemm.DepthBlock)
            {
                int count = Math.Min(Gemm.DepthBlock, call.Inputs - depth);
                int row = 0;
                for (; row + 1 < call.X.Rows; row += 2) MultiplyTwo<TSimd, TVector, TWeights>(call, row, pair, end, depth, count);
                if (row < call.X.Rows) MultiplyOne<TSimd, TVector, TWeights>(call, row, pair, end, depth, count);
            }
        }
    }

    /// <summary>One row with up to four pairs. Where fewer are left, the last takes the place of the missing ones, and is stored once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyOne<TSimd, TVector, TWeights>(in GemmCall call, int row, int firstPair, int endPair, int depth, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TWeights : struct, IPanelWeights<TVector>
    {
        byte* w0 = PairAt<TSimd, TVector, TWeights>(call, firstPair, depth);
        byte* w1 = PairAt<TSimd, TVector, TWeights>(call, Math.Min(firstPair + 1, endPair - 1), depth);
        byte* w2 = PairAt<TSimd, TVector, TWeights>(call, Math.Min(firstPair + 2, endPair - 1), depth);
        byte* w3 = PairAt<TSimd, TVector, TWeights>(call, Math.Min(firstPair + 3, endPair - 1), depth);
        float* x = call.X.Row(row) + depth;
        TVector s0 = TSimd.Broadcast(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        nint at = 0;
        for (int k = 0; k < count; k++, at += TWeights.PanelStep)
        {
            TVector value = TSimd.Broadcast(x[k]);
            s0 = TSimd.MultiplyAdd(value, TWeights.Left(w0 + at), s0);
            s1 = TSimd.MultiplyAdd(value, TWeights.Right(w0 + at), s1);
            s2 = TSimd.MultiplyAdd(value, TWeights.Left(w1 + at), s2);
            s3 = TSimd.MultiplyAdd(value, TWeights.Right(w1 + at), s3);
            s4 = TSimd.MultiplyAdd(value, TWeights.Left(w2 + at), s4);
            s5 = TSimd.MultiplyAdd(value, TWeights.Right(w2 + at), s5);
            s6 = TSimd.MultiplyAdd(value, TWeights.Left(w3 + at), s6);
            s7 = TSimd.MultiplyAdd(value, TWeights.Right(w3 + at), s7);
        }

        bool add = depth > 0 || call.Accumulate;
        StorePair<TSimd, TVector>(call, row, firstPair, s0, s1, add);
        if (firstPair + 1 < endPair) StorePair<TSimd, TVector>(call, row, firstPair + 1, s2, s3, add);
        if (firstPair + 2 < endPair) StorePair<TSimd, TVector>(call, row, firstPair + 2, s4, s5, add);
        if (firstPair + 3 < endPair) StorePair<TSimd, TVector>(call, row, firstPair + 3, s6, s7, add);
    }

    /// <summary>Two rows with two pairs at a time, so that both use each loaded vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyTwo<TSimd, TVector, TWeights>(in GemmCall call, int row, int firstPair, int endPair, int depth, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TWeights : struct, IPanelWeights<TVector>
    {
        bool add = depth > 0 || call.Accumulate;
        float* x0 = call.X.Row(row) + depth;
        float* x1 = call.X.Row(row + 1) + depth;
        for (int pair = firstPair; pair < endPair; pair += 2)
        {
            byte* w0 = PairAt<TSimd, TVector, TWeights>(call, pair, depth);
            byte* w1 = PairAt<TSimd, TVector, TWeights>(call, Math.Min(pair + 1, endPair - 1), depth);
            TVector a0 = TSimd.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
            nint at = 0;
            for (int k = 0; k < count; k++, at += TWeights.PanelStep)
            {
                if (Sse.IsSupported) Sse.Prefetch0(w0 + at + PrefetchBytes);
                if (Sse.IsSupported) Sse.Prefetch0(w1 + at + PrefetchBytes);
                TVector a = TSimd.Broadcast(x0[k]);
                TVector b = TSimd.Broadcast(x1[k]);
                TVector w = TWeights.Left(w0 + at);
                a0 = TSimd.MultiplyAdd(a, w, a0);
                b0 = TSimd.MultiplyAdd(b, w, b0);
                w = TWeights.Right(w0 + at);
                a1 = TSimd.MultiplyAdd(a, w, a1);
                b1 = TSimd.MultiplyAdd(b, w, b1);
                w = TWeights.Left(w1 + at);
                a2 = TSimd.MultiplyAdd(a, w, a2);
                b2 = TSimd.MultiplyAdd(b, w, b2);
                w = TWeights.Right(w1 + at);
                a3 = TSimd.MultiplyAdd(a, w, a3);
                b3 = TSimd.MultiplyAdd(b, w, b3);
            }

            StorePair<TSimd, TVector>(call, row, pair, a0, a1, add);
            StorePair<TSimd, TVector>(call, row + 1, pair, b0, b1, add);
            if (pair + 1 == endPair) return;
            StorePair<TSimd, TVector>(call, row, pair + 1, a2, a3, add);
            StorePair<TSimd, TVector>(call, row + 1, pair + 1, b2, b3, add);
        }
    }

    private static int PairsPerPanel<TSimd, TVector>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => Gemm.PanelWidth / 2 / TSimd.Width;

    private static byte* PairAt<TSimd, TVector, TWeights>(in GemmCall call, int pair, int depth)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TWeights : struct, IPanelWeights<TVector>
    {
        int perPanel = PairsPerPanel<TSimd, TVector>();
        return call.WeightsAt(pair / perPanel, depth) + TWeights.Offset(pair % perPanel * TSimd.Width);
    }

    private static void StorePair<TSimd, TVector>(in GemmCall call, int row, int pair, TVector left, TVector right, bool add)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int perPanel = PairsPerPanel<TSimd, TVector>();
        int j = pair % perPanel * TSimd.Width;
        int column = (pair / perPanel * Gemm.PanelWidth) + j;
        float* scales = call.ScalesOf(pair / perPanel);
        StoreVector<TSimd, TVector>(call, row, column, scales == null ? left : TSimd.Multiply(left, TSimd.Load(scales + j)), add);
        j += Gemm.PanelWidth / 2;
        StoreVector<TSimd, TVector>(call, row, column + (Gemm.PanelWidth / 2), scales == null ? right : TSimd.Multiply(right, TSimd.Load(scales + j)), add);
    }

    [SkipLocalsInit]
    private static void StoreVector<TSimd, TVector>(in GemmCall call, int row, int column, TVector sum, bool add)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int count = Math.Min(call.Outputs - column, TSimd.Width);
        float* y = call.Y.Row(row) + column;
        if (count == TSimd.Width)
        {
            TSimd.Store(add ? TSimd.MultiplyAdd(TSimd.Broadcast(call.Scale), sum, TSimd.Load(y)) : sum, y);
            return;
        }

        float* sums = stackalloc float[VectorMath.MostLanes];
        TSimd.Store(sum, sums);
        for (int i = 0; i < count; i++) y[i] = add ? MathF.FusedMultiplyAdd(call.Scale, sums[i], y[i]) : sums[i];
    }
}
