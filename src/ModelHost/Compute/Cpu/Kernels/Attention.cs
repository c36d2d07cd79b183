using System.Runtime.CompilerServices;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// Causal grouped-query attention with a streaming softmax (Dao et al. 2022), keys in blocks of 96. Queries are the lanes: 32 of them, all heads
/// of a key-value head together, lie side by side as [headSize][32], so that both products are tiles of <see cref="Gemm"/> and maximum, exp and
/// sum need no operation across lanes. Scores: packed keys x queries; then output [headSize][32] += values (where they lie) x weights.
/// Floor: 4 rows x keys x headSize x heads flops at the multiply-add peak, or one read of k and v. Measured share: bench/README.md
/// (dotnet run -c Release --project bench/Kernels -- floor).
/// Blocks are aligned to key 0 and a masked key adds exactly nothing, so a row's bits depend neither on the other rows nor on later keys;
/// only a call of at most <see cref="MostFewLanes"/> lanes, a decode step, sums in another order.
/// </summary>
internal static unsafe partial class Attention
{
    /// <summary>Queries side by side.</summary>
    public const int Lanes = Gemm.PanelWidth;

    // Whole slivers of 12 and of 6. With 128 numbers a head: 48 KiB of keys, and as much of values, in the second-level cache.
    private const int KeyBlock = 96;

    /// <summary>Working memory of one range.</summary>
    public static long ScratchBytes(in AttentionCall call, AttentionPart part)
    {
        int lanes = part.EndLane - part.FirstLane;
        long elements = call.LanesPerHead <= MostFewLanes
            ? part.KeyValueHeads * FewLanesWorkspace.Elements(lanes, call.HeadSize)
            : Workspace.Elements((lanes + Lanes - 1) / Lanes, call.HeadSize);
        return elements * sizeof(float);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TTile, TSimd, TVector>(in AttentionCall call, AttentionPart part, byte* scratch)
        where TTile : struct, ITile
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (call.LanesPerHead <= MostFewLanes)
        {
            RunFewLanes<TSimd, TVector>(call, part, scratch);
            return;
        }

        int groups = (part.EndLane - part.FirstLane + Lanes - 1) / Lanes;
        var work = new Workspace((float*)scratch, groups, call.HeadSize);
        for (int group = 0; group < groups; group++) LoadQueries(call, part, group, work);
        int visible = call.VisibleKeys(part.EndLane - 1);
        for (int key = 0; key < visible; key += KeyBlock)
        {
            int keys = Math.Min(KeyBlock, visible - key);
            PackKeys<TTile>(call, part.KeyValueHead, key, keys, work.Keys);
            for (int group = 0; group < groups; group++)
            {
                int lastLane = Math.Min(part.FirstLane + ((group + 1) * Lanes), part.EndLane) - 1;
                if (call.VisibleKeys(lastLane) <= key) continue;
                Score<TTile>(call.HeadSize, keys, work.Queries(group), work.Keys, work.Scores);
                if (call.VisibleKeys(part.FirstLane + (group * Lanes)) < key + keys) Mask<TSimd, TVector>(work, group, key, keys);
                Weigh<TSimd, TVector>(work, group, keys);
                Gather<TTile>(call, part.KeyValueHead, key, keys, work.Scores, work.Output(group));
            }
        }

        for (int group = 0; group < groups; group++) StoreOutput(call, part, group, work);
    }

    /// <summary>Lanes beyond the last repeat its limit and hold zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LoadQueries(in AttentionCall call, AttentionPart part, int group, in Workspace work)
    {
        float* queries = work.Queries(group);
        int size = call.HeadSize;
        new Span<float>(work.Output(group), size * Lanes).Clear();
        new Span<float>(work.Totals(group), Lanes).Clear();
        new Span<float>(work.Highest(group), Lanes).Fill(float.NegativeInfinity);
        for (int i = 0; i < Lanes; i++)
        {
            int lane = part.FirstLane + (group * Lanes) + i;
            bool exists = lane < part.EndLane;
            work.Limits(group)[i] = call.VisibleKeys(exists ? lane : part.EndLane - 1);
            float* from = exists ? call.QueryOf(part.KeyValueHead, lane) : null;
            for (int d = 0; d < size; d++) queries[(d * Lanes) + i] = exists ? from[d] * call.Scale : 0;
        }
    }

    /// <summary>Slivers [headSize][rows] of the tile's height, the last padded with zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackKeys<TTile>(in AttentionCall call, int keyValueHead, int firstKey, int keys, float* packed)
        where TTile : struct, ITile
    {
        int size = call.HeadSize;
        for (int first = 0; first < keys; first += TTile.SliverRows)
        {
            int height = Math.Min(TTile.SliverRows, keys - first);
            MatrixPointer rows = call.KeysOf(keyValueHead, firstKey + first, height);
            Transpose.Run(rows, Gemm.PaddedRows(height, TTile.SliverGranule), packed + (first * size));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score<TTile>(int size, int keys, float* queries, float* packed, float* scores)
        where TTile : struct, ITile
    {
        var set = new Finish(Add: false, Scale: 1);
        for (int first = 0; first < keys; first += TTile.SliverRows)
        {
            int padded = Gemm.PaddedRows(Math.Min(TTile.SliverRows, keys - first), TTile.SliverGranule);
            TTile.Run(padded, packed + (first * size), padded, queries, size, scores + (first * Lanes), Lanes, set);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mask<TSimd, TVector>(in Workspace work, int group, int firstKey, int keys)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector nothing = TSimd.Broadcast(float.NegativeInfinity);
        for (int key = 0; key < keys; key++)
        {
            TVector position = TSimd.Broadcast(firstKey + key);
            float* scores = work.Scores + (key * Lanes);
            for (int i = 0; i < Lanes; i += TSimd.Width)
                TSimd.Store(TSimd.IfLess(position, TSimd.Load(work.Limits(group) + i), TSimd.Load(scores + i), nothing), scores + i);
        }
    }

    /// <summary>Scores to weights e^(score - highest so far), and what was summed before to the new highest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh<TSimd, TVector>(in Workspace work, int group, int keys)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int i = 0; i < Lanes; i += TSimd.Width)
        {
            float* scores = work.Scores + i;
            TVector before = TSimd.Load(work.Highest(group) + i);
            TVector highest = before;
            for (int key = 0; key < keys; key++) highest = TSimd.Max(highest, TSimd.Load(scores + (key * Lanes)));
            TVector total = TSimd.Load(work.Totals(group) + i);
            if (!TSimd.AllEqual(before, highest))
            {
                TVector shrink = VectorMath.Exp<TSimd, TVector>(TSimd.Subtract(before, highest));
                total = TSimd.Multiply(total, shrink);
                float* output = work.Output(group) + i;
                for (int d = 0; d < work.HeadSize; d++) TSimd.Store(TSimd.Multiply(shrink, TSimd.Load(output + (d * Lanes))), output + (d * Lanes));
            }

            for (int key = 0; key < keys; key++)
            {
                TVector weight = VectorMath.Exp<TSimd, TVector>(TSimd.Subtract(TSimd.Load(scores + (key * Lanes)), highest));
                total = TSimd.Add(total, weight);
                TSimd.Store(weight, scores + (key * Lanes));
            }

            TSimd.Store(total, work.Totals(group) + i);
            TSimd.Store(highest, work.Highest(group) + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather<TTile>(in AttentionCall call, int keyValueHead, int firstKey, int keys, float* weights, float* output)
        where TTile : struct, ITile
    {
        var add = new Finish(Add: true, Scale: 1);
        float* values = call.V.Row(firstKey) + (keyValueHead * call.HeadSize);
        int rows;
        for (int d = 0; d < call.HeadSize; d += rows)
        {
            rows = TTile.RowsAtOnce(call.HeadSize - d);
            TTile.Run(rows, values + d, call.V.Stride, weights, keys, output + (d * Lanes), Lanes, add);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreOutput(in AttentionCall call, AttentionPart part, int group, in Workspace work)
    {
        int first = part.FirstLane + (group * Lanes);
        for (int i = 0; i < Math.Min(Lanes, part.EndLane - first); i++)
        {
            float* to = call.OutputOf(part.KeyValueHead, first + i);
            float factor = 1 / work.Totals(group)[i];
            for (int d = 0; d < call.HeadSize; d++) to[d] = work.Output(group)[(d * Lanes) + i] * factor;
        }
    }

    /// <summary>Where things lie in a range's scratch: per group queries, output, highest, totals, limits; then one block of keys and of scores.</summary>
    private readonly struct Workspace(float* start, int groups, int headSize)
    {
        public int HeadSize => headSize;

        public float* Keys => start + (groups * PerGroup(headSize));

        public float* Scores => Keys + (KeyBlock * headSize);

        public static long Elements(int groups, int headSize) => (groups * PerGroup(headSize)) + (KeyBlock * (headSize + Lanes));

        public float* Queries(int group) => start + (group * PerGroup(headSize));

        public float* Output(int group) => Queries(group) + (headSize * Lanes);

        public float* Highest(int group) => Output(group) + (headSize * Lanes);

        public float* Totals(int group) => Highest(group) + Lanes;

        public float* Limits(int group) => Totals(group) + Lanes;

        private static nint PerGroup(int headSize) => (nint)Lanes * ((2 * headSize) + 3);
    }
}
