using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;

/// <summary>
/// Scores of four keys with up to four lanes of each head, straight from the stored rows: a key is widened and rotated in registers once for the lanes
/// of its head, lanes of vectors lie along the head, and the four keys' sums go across the vector together. A score depends on its key and query alone.
/// </summary>
internal readonly unsafe ref struct ScoreTile
{
    public const int Keys = 4;
    public const int MostLanes = 4;

    /// <summary>Four keys of one type.</summary>
    public required RowPlace* Places { get; init; }

    /// <summary>Element of a row where the first head begins; heads follow each other.</summary>
    public required int Column { get; init; }

    public required int Heads { get; init; }

    /// <summary>Numbers of half a head, whole vectors.</summary>
    public required int Half { get; init; }

    /// <summary>[heads, HeadStep], a lane's query 2 x Half numbers.</summary>
    public required float* Queries { get; init; }

    /// <summary>[heads, HeadStep], a lane's scores LaneStep apart.</summary>
    public required float* Scores { get; init; }

    public required int HeadStep { get; init; }

    public required int LaneStep { get; init; }

    public void Run<TSimd, TVector>(int lanes)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (lanes == 1) RunLanes<TSimd, TVector, OneLane>();
        else if (lanes == 2) RunLanes<TSimd, TVector, TwoLanes>();
        else if (lanes == 3) RunLanes<TSimd, TVector, ThreeLanes>();
        else RunLanes<TSimd, TVector, FourLanes>();
    }

    private void RunLanes<TSimd, TVector, TLanes>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TLanes : struct, ILaneCount
    {
        bool isNarrow = Places->Type == ElementType.BF16;
        for (int head = 0; head < Heads; head++)
        {
            float* queries = Queries + ((nint)head * HeadStep);
            float* scores = Scores + ((nint)head * HeadStep);
            nint column = Column + (2 * (nint)head * Half);
            if (isNarrow) RunHead<TSimd, TVector, BFloat16Numbers<TSimd, TVector>, TLanes>(Places, column, Half, queries, scores, LaneStep);
            else RunHead<TSimd, TVector, SingleNumbers<TSimd, TVector>, TLanes>(Places, column, Half, queries, scores, LaneStep);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunHead<TSimd, TVector, TNumbers, TLanes>(RowPlace* places, nint column, nint half, float* queries, float* scores, int laneStep)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TNumbers : struct, INumbers<TVector>
        where TLanes : struct, ILaneCount
    {
        TVector a0 = TSimd.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        TVector c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
        for (nint i = 0; i < half; i += TSimd.Width)
        {
            AddKey<TSimd, TVector, TNumbers, TLanes>(places, column, half, i, queries, ref a0, ref a1, ref a2, ref a3);
            AddKey<TSimd, TVector, TNumbers, TLanes>(places + 1, column, half, i, queries, ref b0, ref b1, ref b2, ref b3);
            AddKey<TSimd, TVector, TNumbers, TLanes>(places + 2, column, half, i, queries, ref c0, ref c1, ref c2, ref c3);
            AddKey<TSimd, TVector, TNumbers, TLanes>(places + 3, column, half, i, queries, ref d0, ref d1, ref d2, ref d3);
        }

        TSimd.Sums(a0, b0, c0, d0).Store(scores);
        if (TLanes.Count > 1) TSimd.Sums(a1, b1, c1, d1).Store(scores + laneStep);
        if (TLanes.Count > 2) TSimd.Sums(a2, b2, c2, d2).Store(scores + (2 * laneStep));
        if (TLanes.Count > 3) TSimd.Sums(a3, b3, c3, d3).Store(scores + (3 * laneStep));
    }

    /// <summary>Adds one vector of each half of a key. Rotated as <see cref="HeadRow"/> does it, to the same bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddKey<TSimd, TVector, TNumbers, TLanes>(
        RowPlace* place, nint column, nint half, nint i, float* queries, ref TVector lane0, ref TVector lane1, ref TVector lane2, ref TVector lane3)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TNumbers : struct, INumbers<TVector>
        where TLanes : struct, ILaneCount
    {
        TVector low = TNumbers.Load(place->Key, column + i);
        TVector high = TNumbers.Load(place->Key, column + half + i);
        float* angles = place->Angles;
        if (angles != null)
        {
            TVector cosine = TSimd.Load(angles + i);
            TVector sine = TSimd.Load(angles + half + i);
            TVector turned = TSimd.Subtract(TSimd.Multiply(low, cosine), TSimd.Multiply(high, sine));
            high = TSimd.Add(TSimd.Multiply(high, cosine), TSimd.Multiply(low, sine));
            low = turned;
        }

        float* query = queries + i;
        lane0 = TSimd.MultiplyAdd(high, TSimd.Load(query + half), TSimd.MultiplyAdd(low, TSimd.Load(query), lane0));
        if (TLanes.Count > 1) lane1 = TSimd.MultiplyAdd(high, TSimd.Load(query + (3 * half)), TSimd.MultiplyAdd(low, TSimd.Load(query + (2 * half)), lane1));
        if (TLanes.Count > 2) lane2 = TSimd.MultiplyAdd(high, TSimd.Load(query + (5 * half)), TSimd.MultiplyAdd(low, TSimd.Load(query + (4 * half)), lane2));
        if (TLanes.Count > 3) lane3 = TSimd.MultiplyAdd(high, TSimd.Load(query + (7 * half)), TSimd.MultiplyAdd(low, TSimd.Load(query + (6 * half)), lane3));
    }
}
