using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// Attention of the few lanes of a decode step, with the lanes of the vectors along the head. Floor: one read of the bytes of k and v. A split takes
/// all heads side by side, so that each row is read whole: first the keys of the split, each rotated once for its group of heads, then weights, then
/// the values, which were fetched meanwhile.
/// </summary>
internal static unsafe class FewLanesAttention
{
    /// <summary>More lanes fill enough of a vector of queries to be worth packing the keys.</summary>
    public const int MostLanes = 8;

    /// <summary>Keys of a split where lanes are few: scores of all heads and values stay in the second-level cache.</summary>
    public const int SplitKeys = 256;

    // Rows of one head that are rotated before they are scored; they stay in the first-level cache.
    private const int KeyBlock = 16;
    private const int BytesPerLine = 64;

    public static long ScratchBytes(in AttentionCall call, AttentionPart part) => Workspace.Bytes(part.EndLane - part.FirstLane, part.KeyValueHeads, call.HeadSize);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector>(in AttentionCall call, AttentionPart part, byte* scratch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int firstKey = part.Split * SplitKeys;
        int keys = Math.Min(SplitKeys, call.Keys - firstKey);
        var work = new Workspace(scratch, part.EndLane - part.FirstLane, part.KeyValueHeads, call.HeadSize);
        call.Locate(firstKey, keys, work.Places);
        LoadQueries(call, part, work);
        int rowBytes = call.KeyValueHeads * call.HeadSize * work.Places[0].Type.Bytes();
        for (int key = 0; key < keys; key += KeyBlock)
        {
            int count = Math.Min(KeyBlock, keys - key);
            for (int head = 0; head < part.KeyValueHeads; head++)
            {
                FetchShare(work, head, key, keys, rowBytes);
                ScoreKeys<TSimd, TVector>(work, head, (part.KeyValueHead + head) * call.HeadSize, key, count);
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

    private static void LoadQueries(in AttentionCall call, AttentionPart part, in Workspace work)
    {
        for (int head = 0; head < part.KeyValueHeads; head++)
        {
            MatrixPointer queries = work.Queries(head);
            for (int lane = 0; lane < work.Lanes; lane++)
            {
                float* from = call.QueryOf(part.KeyValueHead + head, part.FirstLane + lane);
                float* to = queries.Row(lane);
                for (int d = 0; d < call.HeadSize; d++) to[d] = from[d] * call.Scale;
                new Span<float>(to + call.HeadSize, queries.Stride - call.HeadSize).Clear();
            }
        }
    }

    /// <summary>A head's share of the block's values and of the keys that follow, on their way while this block is scored.</summary>
    private static void FetchShare(in Workspace work, int head, int key, int keys, int rowBytes)
    {
        if (!Sse.IsSupported) return;
        int each = (KeyBlock + work.Heads - 1) / work.Heads;
        int end = Math.Min(keys, key + Math.Min(KeyBlock, (head + 1) * each));
        for (int row = key + (head * each); row < end; row++)
        {
            byte* value = work.Places[row].Value;
            byte* next = work.Places[Math.Min(row + KeyBlock, keys - 1)].Key;
            for (int i = 0; i < rowBytes; i += BytesPerLine)
            {
                Sse.Prefetch1(value + i);
                Sse.Prefetch0(next + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreKeys<TSimd, TVector>(in Workspace work, int head, int column, int key, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int width = Gemm.PaddedRows(work.HeadSize, TSimd.Width);
        var rows = new MatrixPointer(work.Rows, count, width, HeadRow.Stride(work.HeadSize));
        HeadRow.LoadKeys<TSimd, TVector>(work.Places + key, count, column, work.HeadSize, rows.Start);
        MatrixPointer queries = work.Queries(head);
        var padded = new MatrixPointer(queries.Start, queries.Rows, width, queries.Stride);
        for (int i = 0; i < count; i += Dots.KeysPerTile)
        {
            for (int lane = 0; lane < work.Lanes; lane += 2)
                Dots.RunTile<TSimd, TVector>(padded, lane, rows, i, work.Scores(head, lane) + key + i, SplitKeys);
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
            while (end < keys && end < key + KeyBlock && work.Places[end].Type == type) end++;
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

    /// <summary>Scratch of one range: places of the split's rows, a block of rotated keys, and per head and lane queries and scores (one lane more, for whole tiles).</summary>
    private readonly struct Workspace(byte* start, int lanes, int heads, int headSize)
    {
        public int Lanes => lanes;

        public int Heads => heads;

        public int HeadSize => headSize;

        public RowPlace* Places => (RowPlace*)start;

        public float* Rows => (float*)(Places + SplitKeys);

        public static long Bytes(int lanes, int heads, int headSize) =>
            (SplitKeys * (long)sizeof(RowPlace)) + (((KeyBlock * HeadRow.Stride(headSize)) + ((long)heads * (lanes + 1) * PerLane(headSize))) * sizeof(float));

        public MatrixPointer Queries(int head) => new(Head(head), lanes, headSize, HeadRow.Stride(headSize));

        public float* Scores(int head, int lane) => Head(head) + (lanes * HeadRow.Stride(headSize)) + (lane * SplitKeys);

        private static nint PerLane(int headSize) => HeadRow.Stride(headSize) + SplitKeys;

        private float* Head(int head) => Rows + (KeyBlock * HeadRow.Stride(headSize)) + (head * (lanes + 1) * PerLane(headSize));
    }
}
