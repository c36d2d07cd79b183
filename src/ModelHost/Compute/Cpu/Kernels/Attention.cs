using System.Runtime.CompilerServices;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// Causal grouped-query attention with a streaming softmax (Dao et al. 2022), keys in blocks of 96. Queries are the lanes: 32 of them, all heads
/// of a key-value head together, lie side by side as [headSize][32], so that both products are tiles of <see cref="Gemm"/> and maximum, exp and
/// sum need no operation across lanes. Scores: packed keys x queries; then output [headSize][32] += values x weights. Keys and values come from
/// wherever their segments lie: a block of them is widened, rotated and packed for all lanes of a range.
/// Floor: 4 rows x keys x headSize x heads flops at the multiply-add peak, or one read of k and v. Measured share: bench/README.md
/// (dotnet run -c Release --project bench/Kernels -- floor).
/// Blocks and splits are aligned to key 0 and a masked key adds exactly nothing, so a row's bits depend neither on the other rows nor on later keys
/// nor on how keys are cut into segments; only a call of at most <see cref="FewLanesAttention.MostLanes"/> lanes, a decode step, sums in another order.
/// </summary>
internal static unsafe partial class Attention
{
    /// <summary>Queries side by side.</summary>
    public const int Lanes = Gemm.PanelWidth;

    /// <summary>Keys of a split where lanes are many: whole blocks, and work for some hundred microseconds.</summary>
    public const int SplitKeys = 20 * KeyBlock;

    // Whole slivers of 12 and of 6. With 128 numbers a head: 48 KiB of keys, and as much of values, in the second-level cache.
    private const int KeyBlock = 96;
    private const int MostSliverRows = 12;

    /// <summary>Working memory of one range.</summary>
    public static long ScratchBytes(in AttentionCall call, AttentionPart part)
    {
        int lanes = part.EndLane - part.FirstLane;
        return call.LanesPerHead <= FewLanesAttention.MostLanes
            ? FewLanesAttention.ScratchBytes(call, part)
            : Workspace.Bytes((lanes + Lanes - 1) / Lanes, call.HeadSize);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TTile, TSimd, TVector>(in AttentionCall call, AttentionPart part, byte* scratch)
        where TTile : struct, ITile<TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (call.LanesPerHead <= FewLanesAttention.MostLanes)
        {
            FewLanesAttention.Run<TSimd, TVector>(call, part, scratch);
            return;
        }

        int groups = (part.EndLane - part.FirstLane + Lanes - 1) / Lanes;
        var work = new Workspace(scratch, groups, call.HeadSize);
        for (int group = 0; group < groups; group++) LoadQueries(call, part, group, work);
        int visible = Math.Min(call.VisibleKeys(part.EndLane - 1), (part.Split + 1) * SplitKeys);
        for (int key = part.Split * SplitKeys; key < visible; key += KeyBlock)
        {
            int keys = Math.Min(KeyBlock, visible - key);
            LoadBlock<TTile, TSimd, TVector>(call, part.KeyValueHead, key, keys, work);
            for (int group = 0; group < groups; group++)
            {
                int lastLane = Math.Min(part.FirstLane + ((group + 1) * Lanes), part.EndLane) - 1;
                if (call.VisibleKeys(lastLane) <= key) continue;
                Score<TTile, TSimd, TVector>(keys, group, work);
                if (call.VisibleKeys(part.FirstLane + (group * Lanes)) < key + keys) Mask<TSimd, TVector>(work, group, key, keys);
                Weigh<TSimd, TVector>(work, group, keys);
                Gather<TTile, TSimd, TVector>(keys, group, work);
            }
        }

        for (int group = 0; group < groups; group++) StoreGroup(call, part, group, work);
    }

    /// <summary>Lanes beyond the last repeat its limit and hold zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LoadQueries(in AttentionCall call, AttentionPart part, int group, in Workspace work)
    {
        float* queries = work.Queries(group);
        int size = call.HeadSize;
        new Span<float>(work.Output(group), size * Lanes).Clear();
        new Span<float>(work.Totals(group), Lanes).Clear();
        new Span<float>(work.Highest(group), Lanes).Fill(AttentionPartials.NothingSeen);
        for (int i = 0; i < Lanes; i++)
        {
            int lane = part.FirstLane + (group * Lanes) + i;
            bool exists = lane < part.EndLane;
            work.Limits(group)[i] = call.VisibleKeys(exists ? lane : part.EndLane - 1);
            float* from = exists ? call.QueryOf(part.KeyValueHead, lane) : null;
            for (int d = 0; d < size; d++) queries[(d * Lanes) + i] = exists ? from[d] * call.Scale : 0;
        }
    }

    /// <summary>Keys as slivers [headSize][rows] of the tile's height, the last padded with zeros; values as rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LoadBlock<TTile, TSimd, TVector>(in AttentionCall call, int keyValueHead, int firstKey, int keys, in Workspace work)
        where TTile : struct, ITile<TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int size = call.HeadSize;
        int column = keyValueHead * size;
        call.Locate(firstKey, keys, work.Places);
        for (int first = 0; first < keys; first += TTile.SliverRows)
        {
            int height = Math.Min(TTile.SliverRows, keys - first);
            HeadRow.LoadKeys<TSimd, TVector>(work.Places + first, height, column, size, work.Row, TTile.SliverRows, work.Places + keys);
            Transpose.Run(new MatrixPointer(work.Row, height, size, work.Stride), Gemm.PaddedRows(height, TTile.SliverGranule), work.Keys + (first * size));
        }

        HeadRow.LoadValues<TSimd, TVector>(work.Places, keys, column, size, work.Values);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score<TTile, TSimd, TVector>(int keys, int group, in Workspace work)
        where TTile : struct, ITile<TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        byte* queries = (byte*)work.Queries(group);
        for (int first = 0; first < keys; first += TTile.SliverRows)
        {
            int padded = Gemm.PaddedRows(Math.Min(TTile.SliverRows, keys - first), TTile.SliverGranule);
            TTile.Run<SingleWeights<TSimd, TVector>>(padded, new TileCall
            {
                A = work.Keys + (first * work.HeadSize),
                AStep = padded,
                B = queries,
                Depth = work.HeadSize,
                C = work.Scores + (first * Lanes),
                CStep = Lanes,
                Ahead = queries,
            });
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
    private static void Gather<TTile, TSimd, TVector>(int keys, int group, in Workspace work)
        where TTile : struct, ITile<TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        byte* weights = (byte*)work.Scores;
        int rows;
        for (int d = 0; d < work.HeadSize; d += rows)
        {
            rows = TTile.RowsAtOnce(work.HeadSize - d);
            TTile.Run<SingleWeights<TSimd, TVector>>(rows, new TileCall
            {
                A = work.Values + d,
                AStep = work.Stride,
                B = weights,
                Depth = keys,
                C = work.Output(group) + (d * Lanes),
                CStep = Lanes,
                Add = true,
                Scale = 1,
                Ahead = weights,
            });
        }
    }

    /// <summary>To the output, or what a split found to where splits are merged.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreGroup(in AttentionCall call, AttentionPart part, int group, in Workspace work)
    {
        int first = part.FirstLane + (group * Lanes);
        bool whole = !call.NeedsMerge;
        var partials = new AttentionPartials(call);
        for (int i = 0; i < Math.Min(Lanes, part.EndLane - first); i++)
        {
            float* to = whole ? call.OutputOf(part.KeyValueHead, first + i) : partials.Output(part.Split, part.KeyValueHead, first + i);
            float factor = whole ? 1 / work.Totals(group)[i] : 1;
            for (int d = 0; d < call.HeadSize; d++) to[d] = work.Output(group)[(d * Lanes) + i] * factor;
            if (whole) continue;
            partials.Highest(part.Split, part.KeyValueHead, first + i) = work.Highest(group)[i];
            partials.Total(part.Split, part.KeyValueHead, first + i) = work.Totals(group)[i];
        }
    }

    /// <summary>
    /// Where things lie in a range's scratch: places of a block's rows; per group queries, output, highest, totals, limits; then one block of keys, of
    /// values and of scores, and a sliver of rows.
    /// </summary>
    private readonly struct Workspace(byte* start, int groups, int headSize)
    {
        public int HeadSize => headSize;

        /// <summary>Of a row of <see cref="Values"/> and <see cref="Row"/>.</summary>
        public int Stride => HeadRow.Stride(headSize);

        public RowPlace* Places => (RowPlace*)start;

        public float* Keys => Groups + (groups * PerGroup(headSize));

        public float* Scores => Keys + (KeyBlock * headSize);

        public float* Values => Scores + (KeyBlock * Lanes);

        public float* Row => Values + (KeyBlock * Stride);

        private float* Groups => (float*)(Places + KeyBlock);

        public static long Bytes(int groups, int headSize) =>
            (KeyBlock * (long)sizeof(RowPlace)) +
            (((groups * PerGroup(headSize)) + (KeyBlock * (headSize + Lanes)) + ((KeyBlock + MostSliverRows) * HeadRow.Stride(headSize))) * sizeof(float));

        public float* Queries(int group) => Groups + (group * PerGroup(headSize));

        public float* Output(int group) => Queries(group) + (headSize * Lanes);

        public float* Highest(int group) => Output(group) + (headSize * Lanes);

        public float* Totals(int group) => Highest(group) + Lanes;

        public float* Limits(int group) => Totals(group) + Lanes;

        private static nint PerGroup(int headSize) => (nint)Lanes * ((2 * headSize) + 3);
    }
}
