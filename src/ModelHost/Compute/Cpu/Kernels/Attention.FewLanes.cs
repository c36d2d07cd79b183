using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// Attention of the few lanes of a decode step: k and v are read once, so they are used where they lie, with the lanes of the vectors along the
/// head. Floor: their bytes at memory bandwidth; about half is reached. Same blocks and streaming softmax as <see cref="Run"/>; the order of a score's sum differs, and with it the last bits.
/// </summary>
internal static unsafe partial class Attention
{
    /// <summary>More lanes fill enough of a vector of queries to be worth packing the keys.</summary>
    public const int MostFewLanes = 8;

    // A line holds 16 numbers. The rows of one head are short pieces far apart, which the processor does not foresee by itself.
    private const int NumbersPerLine = 16;

    // Far enough for a miss; rows of one head are often 4 KiB apart and share few sets of a cache, so not a whole block ahead.
    private const int KeysAhead = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunFewLanes<TSimd, TVector>(in AttentionCall call, AttentionPart part, byte* scratch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int visible = call.VisibleKeys(part.EndLane - 1);
        for (int head = 0; head < part.KeyValueHeads; head++) LoadFewQueries(call, part, head, WorkspaceOf(call, part, head, scratch));
        for (int key = 0; key < visible; key += KeyBlock)
        {
            // All heads of a block of keys before the next block: they lie side by side in the same pages.
            for (int head = 0; head < part.KeyValueHeads; head++)
            {
                FewLanesWorkspace work = WorkspaceOf(call, part, head, scratch);
                int keys = Math.Min(KeyBlock, visible - key);
                MatrixPointer v = call.ValuesOf(part.KeyValueHead + head, key, keys);
                ScoreKeys<TSimd, TVector>(work, call.KeysOf(part.KeyValueHead + head, key, visible - key), keys, v);
                for (int lane = 0; lane < work.Lanes; lane++)
                    WeighLane<TSimd, TVector>(work, lane, Math.Clamp(call.VisibleKeys(part.FirstLane + lane) - key, 0, keys), keys);
                for (int lane = 0; lane < work.Lanes; lane += 2) GatherPair<TSimd, TVector>(work, lane, work.Lanes, v);
            }
        }

        for (int head = 0; head < part.KeyValueHeads; head++) StoreFewOutputs(call, part, head, WorkspaceOf(call, part, head, scratch));
    }

    private static FewLanesWorkspace WorkspaceOf(in AttentionCall call, AttentionPart part, int head, byte* scratch)
    {
        int lanes = part.EndLane - part.FirstLane;
        return new FewLanesWorkspace((float*)scratch + (head * FewLanesWorkspace.Elements(lanes, call.HeadSize)), lanes, call.HeadSize);
    }

    private static void StoreFewOutputs(in AttentionCall call, AttentionPart part, int head, in FewLanesWorkspace work)
    {
        for (int lane = 0; lane < work.Lanes; lane++)
        {
            float* to = call.OutputOf(part.KeyValueHead + head, part.FirstLane + lane);
            float factor = 1 / work.Totals[lane];
            for (int d = 0; d < call.HeadSize; d++) to[d] = work.Output(lane)[d] * factor;
        }
    }

    private static void LoadFewQueries(in AttentionCall call, AttentionPart part, int head, in FewLanesWorkspace work)
    {
        for (int lane = 0; lane < work.Lanes; lane++)
        {
            float* from = call.QueryOf(part.KeyValueHead + head, part.FirstLane + lane);
            for (int d = 0; d < call.HeadSize; d++) work.Queries.Row(lane)[d] = from[d] * call.Scale;
            work.Highest[lane] = float.NegativeInfinity;
            work.Totals[lane] = 0;
            new Span<float>(work.Output(lane), call.HeadSize).Clear();
        }
    }

    /// <summary>Scores the first <paramref name="count"/> keys while their values, and the keys that follow, are on their way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreKeys<TSimd, TVector>(in FewLanesWorkspace work, MatrixPointer keys, int count, MatrixPointer values)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        MatrixPointer block = keys.SliceRows(0, count);
        for (int key = 0; key < count; key += Dots.KeysPerTile)
        {
            Prefetch(values, key);
            Prefetch(keys, key + KeysAhead);
            for (int lane = 0; lane < work.Lanes; lane += 2)
                Dots.RunTile<TSimd, TVector>(work.Queries, lane, block, key, work.Scores(lane) + key, KeyBlock);
        }
    }

    private static void Prefetch(MatrixPointer rows, int first)
    {
        if (!Sse.IsSupported) return;
        for (int row = first; row < Math.Min(first + Dots.KeysPerTile, rows.Rows); row++)
        {
            for (int i = 0; i < rows.Columns; i += NumbersPerLine) Sse.Prefetch1(rows.Row(row) + i);
        }
    }

    /// <summary>Scores of the first <paramref name="visible"/> keys to weights, of the others to zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WeighLane<TSimd, TVector>(in FewLanesWorkspace work, int lane, int visible, int keys)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* scores = work.Scores(lane);
        float before = work.Highest[lane];
        int whole = (keys + TSimd.Width - 1) / TSimd.Width * TSimd.Width;
        for (int key = visible; key < whole; key++) scores[key] = float.NegativeInfinity;
        TVector highs = TSimd.Broadcast(before);
        for (int key = 0; key < whole; key += TSimd.Width) highs = TSimd.Max(highs, TSimd.Load(scores + key));
        float highest = TSimd.Highest(highs);
        if (highest > before)
        {
            TVector shrink = VectorMath.Exp<TSimd, TVector>(TSimd.Broadcast(before - highest));
            float* output = work.Output(lane);
            for (int d = 0; d < work.HeadSize; d += TSimd.Width) TSimd.Store(TSimd.Multiply(shrink, TSimd.Load(output + d)), output + d);
            work.Totals[lane] *= TSimd.First(shrink);
            work.Highest[lane] = highest;
        }

        TVector top = TSimd.Broadcast(highest);
        TVector total = TSimd.Broadcast(0);
        for (int key = 0; key < whole; key += TSimd.Width)
        {
            TVector weight = VectorMath.Exp<TSimd, TVector>(TSimd.Subtract(TSimd.Load(scores + key), top));
            total = TSimd.Add(total, weight);
            TSimd.Store(weight, scores + key);
        }

        work.Totals[lane] += TSimd.Sum(total);
    }

    /// <summary>Output of two lanes += weights x v, four vectors of the head at a time. Without a second lane the first is taken twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GatherPair<TSimd, TVector>(in FewLanesWorkspace work, int lane, int lanes, MatrixPointer v)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int second = Math.Min(lane + 1, lanes - 1);
        int d = 0;
        for (; d <= v.Columns - (4 * TSimd.Width); d += 4 * TSimd.Width)
            GatherTile<TSimd, TVector>(v, d, work.Scores(lane), work.Scores(second), work.Output(lane) + d, work.Output(second) + d);
        if (d == v.Columns) return;
        GatherRest(v, d, work.Scores(lane), work.Output(lane));
        if (second != lane) GatherRest(v, d, work.Scores(second), work.Output(second));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GatherTile<TSimd, TVector>(MatrixPointer v, int d, float* weightsA, float* weightsB, float* outputA, float* outputB)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int width = TSimd.Width;
        TVector a0 = TSimd.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        float* from = v.Start + d;
        for (int key = 0; key < v.Rows; key++, from += v.Stride)
        {
            TVector a = TSimd.Broadcast(weightsA[key]);
            TVector b = TSimd.Broadcast(weightsB[key]);
            TVector value = TSimd.Load(from);
            a0 = TSimd.MultiplyAdd(a, value, a0);
            b0 = TSimd.MultiplyAdd(b, value, b0);
            value = TSimd.Load(from + width);
            a1 = TSimd.MultiplyAdd(a, value, a1);
            b1 = TSimd.MultiplyAdd(b, value, b1);
            value = TSimd.Load(from + (2 * width));
            a2 = TSimd.MultiplyAdd(a, value, a2);
            b2 = TSimd.MultiplyAdd(b, value, b2);
            value = TSimd.Load(from + (3 * width));
            a3 = TSimd.MultiplyAdd(a, value, a3);
            b3 = TSimd.MultiplyAdd(b, value, b3);
        }

        // B's old output is read before A's is written: without a second lane both are one, and are then written the same.
        TVector c0 = TSimd.Load(outputB), c1 = TSimd.Load(outputB + width), c2 = TSimd.Load(outputB + (2 * width)), c3 = TSimd.Load(outputB + (3 * width));
        TSimd.Store(TSimd.Add(TSimd.Load(outputA), a0), outputA);
        TSimd.Store(TSimd.Add(TSimd.Load(outputA + width), a1), outputA + width);
        TSimd.Store(TSimd.Add(TSimd.Load(outputA + (2 * width)), a2), outputA + (2 * width));
        TSimd.Store(TSimd.Add(TSimd.Load(outputA + (3 * width)), a3), outputA + (3 * width));
        TSimd.Store(TSimd.Add(c0, b0), outputB);
        TSimd.Store(TSimd.Add(c1, b1), outputB + width);
        TSimd.Store(TSimd.Add(c2, b2), outputB + (2 * width));
        TSimd.Store(TSimd.Add(c3, b3), outputB + (3 * width));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GatherRest(MatrixPointer v, int firstColumn, float* weights, float* output)
    {
        for (int key = 0; key < v.Rows; key++)
        {
            float* from = v.Row(key);
            for (int d = firstColumn; d < v.Columns; d++) output[d] += weights[key] * from[d];
        }
    }

    /// <summary>Scratch of one range: queries, output and scores per lane (one lane more, for whole tiles), each padded to a vector.</summary>
    private readonly struct FewLanesWorkspace(float* start, int lanes, int headSize)
    {
        public int Lanes => lanes;

        public int HeadSize => headSize;

        public MatrixPointer Queries => new(start, lanes, headSize, Padded(headSize));

        public float* Highest => start + ((lanes + 1) * PerLane(headSize));

        public float* Totals => Highest + lanes;

        public static long Elements(int lanes, int headSize) => ((lanes + 1) * PerLane(headSize)) + Padded(2 * lanes);

        public float* Output(int lane) => start + (lanes * Padded(headSize)) + (lane * Padded(headSize));

        public float* Scores(int lane) => start + (2 * lanes * Padded(headSize)) + (lane * KeyBlock);

        private static int Padded(int count) => Gemm.PaddedRows(count, VectorMath.MostLanes);

        private static nint PerLane(int headSize) => (2 * Padded(headSize)) + KeyBlock;
    }
}
