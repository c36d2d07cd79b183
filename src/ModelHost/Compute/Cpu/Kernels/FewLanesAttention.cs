using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// Attention of the few lanes of a decode step. Floor: one read of the bytes of k and v. Rows are used where they lie and in their order, all heads of
/// a key together: first the scores of a split, then their weights, then the values.
/// </summary>
internal static unsafe class FewLanesAttention
{
    /// <summary>More lanes fill enough of a vector of queries to be worth packing the keys.</summary>
    public const int MostLanes = 8;

    /// <summary>Keys of a split where lanes are few: scores of all heads stay in the first-level cache.</summary>
    public const int SplitKeys = 256;

    // Some hundred nanoseconds of work, more than a line from memory takes. Values, in long runs of one head, come without asking, and so do angles.
    private const int KeysAhead = 16;
    private const int BytesPerLine = 64;

    public static long ScratchBytes(in AttentionCall call, AttentionPart part) => Workspace.Bytes(part.KeyValueHeads, call.HeadSize);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector>(in AttentionCall call, AttentionPart part, byte* scratch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int firstKey = part.Split * SplitKeys;
        int keys = Math.Min(SplitKeys, call.Keys - firstKey);
        var work = new Workspace(scratch, call.HeadSize, Gemm.PaddedRows(call.HeadSize, 2 * TSimd.Width) / 2) { Lanes = part.EndLane - part.FirstLane, Keys = keys };
        call.Locate(firstKey, keys, work.Places);
        for (int key = keys; key % ScoreTile.Keys != 0; key++) work.Places[key] = work.Places[keys - 1];
        LoadQueries(call, part, work);
        Score<TSimd, TVector>(call, part, work);
        Weigh<TSimd, TVector>(call, part, work);
        AddValues<TSimd, TVector>(call, part, work);
    }

    /// <summary>Scaled, with zeros behind the head.</summary>
    private static void LoadQueries(in AttentionCall call, AttentionPart part, in Workspace work)
    {
        int size = call.HeadSize;
        float scale = call.Scale;
        for (int head = 0; head < part.KeyValueHeads; head++)
        {
            for (int lane = 0; lane < work.Lanes; lane++)
            {
                float* from = call.QueryOf(part.KeyValueHead + head, part.FirstLane + lane);
                float* to = work.Queries(head) + (2 * lane * work.Half);
                for (int d = 0; d < size; d++) to[d] = from[d] * scale;
                new Span<float>(to + size, (2 * work.Half) - size).Clear();
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score<TSimd, TVector>(in AttentionCall call, AttentionPart part, in Workspace work)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int key = 0; key < work.Keys; key += ScoreTile.Keys)
        {
            RowPlace* places = work.Places + key;
            if (key + KeysAhead < work.Keys) FetchKeys(call, part, places + KeysAhead);
            if (2 * work.Half == call.HeadSize && AreOfOneType(places))
            {
                ScoreHeads<TSimd, TVector>(work, places, part.KeyValueHead * call.HeadSize, 0, part.KeyValueHeads, key);
                continue;
            }

            for (int head = 0; head < part.KeyValueHeads; head++)
            {
                LoadRows<TSimd, TVector>(work, places, (part.KeyValueHead + head) * call.HeadSize, call.HeadSize);
                ScoreHeads<TSimd, TVector>(work, work.RowPlaces, 0, head, 1, key);
            }
        }
    }

    private static bool AreOfOneType(RowPlace* places) =>
        places[0].Type == places[1].Type && places[0].Type == places[2].Type && places[0].Type == places[3].Type;

    private static void ScoreHeads<TSimd, TVector>(in Workspace work, RowPlace* places, int column, int firstHead, int heads, int key)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int lane = 0; lane < work.Lanes; lane += ScoreTile.MostLanes)
        {
            new ScoreTile
            {
                Places = places,
                Column = column,
                Heads = heads,
                Half = work.Half,
                Queries = work.Queries(firstHead) + (2 * lane * work.Half),
                Scores = work.Scores(firstHead) + (lane * SplitKeys) + key,
                HeadStep = work.HeadStep,
                LaneStep = SplitKeys,
            }.Run<TSimd, TVector>(Math.Min(ScoreTile.MostLanes, work.Lanes - lane));
        }
    }

    /// <summary>One head of a tile's keys as fp32 rows with zeros behind them: where types meet, and where half a head is not whole vectors.</summary>
    private static void LoadRows<TSimd, TVector>(in Workspace work, RowPlace* places, int column, int headSize)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int stride = HeadRow.Stride(headSize);
        HeadRow.LoadKeys<TSimd, TVector>(places, ScoreTile.Keys, column, headSize, work.Rows, 0, places);
        for (int i = 0; i < ScoreTile.Keys; i++)
        {
            float* row = work.Rows + (i * stride);
            new Span<float>(row + headSize, (2 * work.Half) - headSize).Clear();
            work.RowPlaces[i] = new RowPlace { Key = (byte*)row, Type = ElementType.F32 };
        }
    }

    private static void Weigh<TSimd, TVector>(in AttentionCall call, AttentionPart part, in Workspace work)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        var partials = new AttentionPartials(call);
        for (int head = 0; head < part.KeyValueHeads; head++)
        {
            for (int lane = 0; lane < work.Lanes; lane++)
            {
                int visible = Math.Clamp(call.VisibleKeys(part.FirstLane + lane) - (part.Split * SplitKeys), 0, work.Keys);
                float* scores = work.Scores(head) + (lane * SplitKeys);
                WeighLane<TSimd, TVector>(scores, visible, work.Keys, partials, part, part.KeyValueHead + head, part.FirstLane + lane);
            }
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

    /// <summary>Runs of keys of one type at a time.</summary>
    private static void AddValues<TSimd, TVector>(in AttentionCall call, AttentionPart part, in Workspace work)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int end;
        for (int key = 0; key < work.Keys; key = end)
        {
            end = key + 1;
            while (end < work.Keys && work.Places[end].Type == work.Places[key].Type) end++;
            for (int head = 0; head < part.KeyValueHeads; head++) AddRun<TSimd, TVector>(call, part, work, head, key, end - key);
        }
    }

    private static void AddRun<TSimd, TVector>(in AttentionCall call, AttentionPart part, in Workspace work, int head, int key, int keys)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        var partials = new AttentionPartials(call);
        for (int lane = 0; lane < work.Lanes; lane += ValueTile.MostLanes)
        {
            new ValueTile
            {
                Places = work.Places + key,
                Keys = keys,
                Column = (part.KeyValueHead + head) * call.HeadSize,
                HeadSize = call.HeadSize,
                Weights = work.Scores(head) + (lane * SplitKeys) + key,
                WeightStep = SplitKeys,
                Output = partials.Output(part.Split, part.KeyValueHead + head, part.FirstLane + lane),
                OutputStep = partials.Step,
            }.Run<TSimd, TVector>(Math.Min(ValueTile.MostLanes, work.Lanes - lane));
        }
    }

    /// <summary>Whole rows of a tile's keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FetchKeys(in AttentionCall call, AttentionPart part, RowPlace* places)
    {
        if (!Sse.IsSupported) return;
        for (RowPlace* place = places; place < places + ScoreTile.Keys; place++)
        {
            nint size = call.HeadSize * (place->Type == ElementType.BF16 ? sizeof(ushort) : sizeof(float));
            byte* row = place->Key + (part.KeyValueHead * size);
            byte* end = row + (part.KeyValueHeads * size);
            for (; row < end; row += BytesPerLine) Sse.Prefetch0(row);
        }
    }

    /// <summary>Scratch of one range: places of the split's rows, a tile's rows widened and their places, and per head queries and scores.</summary>
    private readonly struct Workspace(byte* start, int headSize, int half)
    {
        public required int Lanes { get; init; }

        /// <summary>Of the split.</summary>
        public required int Keys { get; init; }

        /// <summary>Numbers of half a head, filled up to whole vectors.</summary>
        public int Half => half;

        /// <summary>From a head to the next among queries and scores.</summary>
        public int HeadStep => PerHead(headSize);

        public RowPlace* Places => (RowPlace*)start;

        public RowPlace* RowPlaces => Places + SplitKeys;

        public float* Rows => (float*)(RowPlaces + ScoreTile.Keys);

        public static long Bytes(int heads, int headSize) =>
            ((SplitKeys + ScoreTile.Keys) * (long)sizeof(RowPlace)) + (((ScoreTile.Keys * HeadRow.Stride(headSize)) + ((long)heads * PerHead(headSize))) * sizeof(float));

        public float* Scores(int head) => Rows + (ScoreTile.Keys * HeadRow.Stride(headSize)) + ((nint)head * HeadStep);

        public float* Queries(int head) => Scores(head) + (MostLanes * SplitKeys);

        private static int PerHead(int headSize) => MostLanes * (SplitKeys + HeadRow.Stride(headSize));
    }
}
