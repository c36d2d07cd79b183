using System.Runtime.CompilerServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// Attention of the few lanes of a decode step. Floor: one read of the bytes of k and v. A split takes all heads side by side: first the scores, keys
/// rotated once for their group of heads and turned into panels of <see cref="ITile{TVector}"/>; then weights; then the values, with the lanes of the
/// vectors along the head. What comes next is fetched meanwhile.
/// </summary>
internal static unsafe class FewLanesAttention
{
    /// <summary>More lanes fill enough of a vector of queries to be worth packing the keys.</summary>
    public const int MostLanes = 8;

    /// <summary>Keys of a split where lanes are few: scores of all heads and values stay in the second-level cache.</summary>
    public const int SplitKeys = 256;

    // Keys side by side in a panel.
    private const int KeyBlock = Gemm.PanelWidth;
    private const int KeysPerRun = 16;

    public static long ScratchBytes(in AttentionCall call, AttentionPart part) => Workspace.Bytes(part.KeyValueHeads, call.HeadSize);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TTile, TSimd, TVector>(in AttentionCall call, AttentionPart part, byte* scratch)
        where TTile : struct, ITile<TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int firstKey = part.Split * SplitKeys;
        int keys = Math.Min(SplitKeys, call.Keys - firstKey);
        var work = new Workspace(scratch, part.EndLane - part.FirstLane, call.HeadSize);
        call.Locate(firstKey, keys, work.Places);
        LoadQueries(call, part, work);
        for (int key = 0; key < keys; key += KeyBlock)
        {
            int count = Math.Min(KeyBlock, keys - key);
            for (int head = 0; head < part.KeyValueHeads; head++)
            {
                LoadPanel<TSimd, TVector>(work, (part.KeyValueHead + head) * call.HeadSize, key, count, keys);
                ScorePanel<TTile, TSimd, TVector>(work, head, key);
            }
        }

        var partials = new AttentionPartials(call);
        for (int head = 0; head < part.KeyValueHeads; head++)
        {
            for (int lane = 0; lane < work.Lanes; lane++)
            {
                int visible = Math.Clamp(call.VisibleKeys(part.FirstLane + lane) - firstKey, 0, keys);
                WeighLane<TSimd, TVector>(work.Scores(head, lane), visible, keys, partials, part, part.KeyValueHead + head, part.FirstLane + lane);
            }
        }

        GatherValues<TSimd, TVector>(call, part, work, keys, partials);
    }

    /// <summary>Side by side as [headSize][lanes], with zeros for lanes that are missing.</summary>
    private static void LoadQueries(in AttentionCall call, AttentionPart part, in Workspace work)
    {
        for (int head = 0; head < part.KeyValueHeads; head++)
        {
            float* queries = work.Queries(head);
            new Span<float>(queries, MostLanes * call.HeadSize).Clear();
            for (int lane = 0; lane < work.Lanes; lane++)
            {
                float* from = call.QueryOf(part.KeyValueHead + head, part.FirstLane + lane);
                for (int d = 0; d < call.HeadSize; d++) queries[(d * MostLanes) + lane] = from[d] * call.Scale;
            }
        }
    }

    /// <summary>One head of a block of keys as a panel [headSize][32 keys].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LoadPanel<TSimd, TVector>(in Workspace work, int column, int key, int count, int keys)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        HeadRow.LoadKeys<TSimd, TVector>(work.Places + key, count, column, work.HeadSize, work.Rows, KeyBlock, work.Places + keys);
        Transpose.Run(new MatrixPointer(work.Rows, count, work.HeadSize, HeadRow.Stride(work.HeadSize)), KeyBlock, work.Panel);
    }

    /// <summary>Lanes x keys as a tile: no sum goes across the lanes of a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScorePanel<TTile, TSimd, TVector>(in Workspace work, int head, int key)
        where TTile : struct, ITile<TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int padded = Gemm.PaddedRows(work.Lanes, TTile.SliverGranule);
        int rows;
        for (int lane = 0; lane < padded; lane += rows)
        {
            rows = TTile.RowsAtOnce(padded - lane);
            TTile.Run<SingleWeights<TSimd, TVector>>(rows, new TileCall
            {
                A = work.Queries(head) + lane,
                AStep = MostLanes,
                B = (byte*)work.Panel,
                Depth = work.HeadSize,
                C = work.Scores(head, lane) + key,
                CStep = SplitKeys,
                Ahead = (byte*)work.Panel,
            });
        }
    }

    /// <summary>Scores of the first <paramref name="visible"/> keys to weights, of the others to zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WeighLane<TSimd, TVector>(float* scores, int visible, int keys, in AttentionPartials partials, AttentionPart part, int head, int lane)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int whole = Gemm.PaddedRows(keys, TSimd.Width);
        for (int key = visible; key < whole; key++) scores[key] = float.NegativeInfinity;
        TVector highs = TSimd.Broadcast(AttentionPartials.NothingSeen);
        for (int key = 0; key < whole; key += TSimd.Width) highs = TSimd.Max(highs, TSimd.Load(scores + key));
        float highest = TSimd.Highest(highs);
        TVector top = TSimd.Broadcast(highest);
        TVector total = TSimd.Broadcast(0);
        for (int key = 0; key < whole; key += TSimd.Width)
        {
            TVector weight = VectorMath.Exp<TSimd, TVector>(TSimd.Subtract(TSimd.Load(scores + key), top));
            total = TSimd.Add(total, weight);
            TSimd.Store(weight, scores + key);
        }

        partials.Highest(part.Split, head, lane) = highest;
        partials.Total(part.Split, head, lane) = TSimd.Sum(total);
        new Span<float>(partials.Output(part.Split, head, lane), Gemm.PaddedRows(partials.HeadSize, VectorMath.MostLanes)).Clear();
    }

    /// <summary>Runs of keys of one type at a time; the sums of a lane are one chain through all of them.</summary>
    private static void GatherValues<TSimd, TVector>(in AttentionCall call, AttentionPart part, in Workspace work, int keys, in AttentionPartials partials)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int end;
        for (int key = 0; key < keys; key = end)
        {
            ElementType type = work.Places[key].Type;
            end = key + 1;
            while (end < keys && end < key + KeysPerRun && work.Places[end].Type == type) end++;
            for (int head = 0; head < part.KeyValueHeads; head++)
            {
                for (int lane = 0; lane < work.Lanes; lane += ValueTile.Lanes)
                {
                    ValueTile tile = TileOf(call, part, work, partials, head, lane, key, end - key);
                    if (type == ElementType.BF16) tile.Run<TSimd, TVector, BFloat16Numbers<TSimd, TVector>>();
                    else tile.Run<TSimd, TVector, SingleNumbers<TSimd, TVector>>();
                }
            }
        }
    }

    private static ValueTile TileOf(in AttentionCall call, AttentionPart part, in Workspace work, in AttentionPartials partials, int head, int lane, int key, int keys)
    {
        int last = work.Lanes - 1;
        int second = Math.Min(lane + 1, last), third = Math.Min(lane + 2, last), fourth = Math.Min(lane + 3, last);
        int keyValueHead = part.KeyValueHead + head;
        return new ValueTile
        {
            Places = work.Places + key,
            Keys = keys,
            Column = keyValueHead * call.HeadSize,
            HeadSize = call.HeadSize,
            Weights0 = work.Scores(head, lane) + key,
            Weights1 = work.Scores(head, second) + key,
            Weights2 = work.Scores(head, third) + key,
            Weights3 = work.Scores(head, fourth) + key,
            Output0 = partials.Output(part.Split, keyValueHead, part.FirstLane + lane),
            Output1 = partials.Output(part.Split, keyValueHead, part.FirstLane + second),
            Output2 = partials.Output(part.Split, keyValueHead, part.FirstLane + third),
            Output3 = partials.Output(part.Split, keyValueHead, part.FirstLane + fourth),
        };
    }

    /// <summary>Scratch of one range: places of the split's rows, a block of keys as rows and as a panel, and per head queries and scores.</summary>
    private readonly struct Workspace(byte* start, int lanes, int headSize)
    {
        public int Lanes => lanes;

        public int HeadSize => headSize;

        public RowPlace* Places => (RowPlace*)start;

        public float* Rows => (float*)(Places + SplitKeys);

        public float* Panel => Rows + (KeyBlock * HeadRow.Stride(headSize));

        public static long Bytes(int heads, int headSize) =>
            (SplitKeys * (long)sizeof(RowPlace)) + (((KeyBlock * (HeadRow.Stride(headSize) + headSize)) + ((long)heads * PerHead(headSize))) * sizeof(float));

        public float* Queries(int head) => Panel + (KeyBlock * headSize) + (head * PerHead(headSize));

        public float* Scores(int head, int lane) => Queries(head) + (MostLanes * headSize) + (lane * SplitKeys);

        private static nint PerHead(int headSize) => MostLanes * (headSize + SplitKeys);
    }
}
