using System.Runtime.CompilerServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;

/// <summary>
/// Outputs of up to four lanes of a head += weights x a run of values, four vectors of the head at a time: each loaded value serves all lanes, and there
/// are sums enough that none waits for its last.
/// </summary>
internal readonly unsafe ref struct ValueTile
{
    public const int MostLanes = 4;

    /// <summary>Of one type.</summary>
    public required RowPlace* Places { get; init; }

    public required int Keys { get; init; }

    /// <summary>Element of a row where the head begins.</summary>
    public required int Column { get; init; }

    public required int HeadSize { get; init; }

    /// <summary>[lanes, WeightStep].</summary>
    public required float* Weights { get; init; }

    public required int WeightStep { get; init; }

    /// <summary>[lanes, OutputStep].</summary>
    public required float* Output { get; init; }

    public required int OutputStep { get; init; }

    /// <summary>Whole vectors: what is read behind the head goes to where nobody looks.</summary>
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
        if (Places->Type == ElementType.BF16) RunHead<TSimd, TVector, BFloat16Numbers<TSimd, TVector>, TLanes>();
        else RunHead<TSimd, TVector, SingleNumbers<TSimd, TVector>, TLanes>();
    }

    private void RunHead<TSimd, TVector, TNumbers, TLanes>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TNumbers : struct, INumbers<TVector>
        where TLanes : struct, ILaneCount
    {
        int d = 0;
        for (; d + (3 * TSimd.Width) < HeadSize; d += 4 * TSimd.Width) RunFour<TSimd, TVector, TNumbers, TLanes>(d);
        for (; d < HeadSize; d += TSimd.Width) RunOne<TSimd, TVector, TNumbers, TLanes>(d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunFour<TSimd, TVector, TNumbers, TLanes>(int d)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TNumbers : struct, INumbers<TVector>
        where TLanes : struct, ILaneCount
    {
        nint at = Column + d;
        nint step = WeightStep;
        TVector a0 = TSimd.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        TVector c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
        RowPlace* end = Places + Keys;
        float* weights = Weights;
        for (RowPlace* place = Places; place < end; place++, weights++)
        {
            byte* row = place->Value;
            TVector w0 = TSimd.Broadcast(weights[0]);
            TVector w1 = TLanes.Count > 1 ? TSimd.Broadcast(weights[step]) : w0;
            TVector w2 = TLanes.Count > 2 ? TSimd.Broadcast(weights[2 * step]) : w0;
            TVector w3 = TLanes.Count > 3 ? TSimd.Broadcast(weights[3 * step]) : w0;
            AddValue<TSimd, TVector, TLanes>(TNumbers.Load(row, at), w0, w1, w2, w3, ref a0, ref b0, ref c0, ref d0);
            AddValue<TSimd, TVector, TLanes>(TNumbers.Load(row, at + TSimd.Width), w0, w1, w2, w3, ref a1, ref b1, ref c1, ref d1);
            AddValue<TSimd, TVector, TLanes>(TNumbers.Load(row, at + (2 * TSimd.Width)), w0, w1, w2, w3, ref a2, ref b2, ref c2, ref d2);
            AddValue<TSimd, TVector, TLanes>(TNumbers.Load(row, at + (3 * TSimd.Width)), w0, w1, w2, w3, ref a3, ref b3, ref c3, ref d3);
        }

        float* output = Output + d;
        AddTo<TSimd, TVector>(output, a0, a1, a2, a3);
        if (TLanes.Count > 1) AddTo<TSimd, TVector>(output + OutputStep, b0, b1, b2, b3);
        if (TLanes.Count > 2) AddTo<TSimd, TVector>(output + (2 * OutputStep), c0, c1, c2, c3);
        if (TLanes.Count > 3) AddTo<TSimd, TVector>(output + (3 * OutputStep), d0, d1, d2, d3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunOne<TSimd, TVector, TNumbers, TLanes>(int d)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TNumbers : struct, INumbers<TVector>
        where TLanes : struct, ILaneCount
    {
        nint step = WeightStep;
        TVector a = TSimd.Broadcast(0), b = a, c = a, e = a;
        for (int key = 0; key < Keys; key++)
        {
            float* weights = Weights + key;
            TVector w0 = TSimd.Broadcast(weights[0]);
            TVector w1 = TLanes.Count > 1 ? TSimd.Broadcast(weights[step]) : w0;
            TVector w2 = TLanes.Count > 2 ? TSimd.Broadcast(weights[2 * step]) : w0;
            TVector w3 = TLanes.Count > 3 ? TSimd.Broadcast(weights[3 * step]) : w0;
            AddValue<TSimd, TVector, TLanes>(TNumbers.Load(Places[key].Value, Column + d), w0, w1, w2, w3, ref a, ref b, ref c, ref e);
        }

        float* output = Output + d;
        TSimd.Store(TSimd.Add(TSimd.Load(output), a), output);
        if (TLanes.Count > 1) TSimd.Store(TSimd.Add(TSimd.Load(output + OutputStep), b), output + OutputStep);
        if (TLanes.Count > 2) TSimd.Store(TSimd.Add(TSimd.Load(output + (2 * OutputStep)), c), output + (2 * OutputStep));
        if (TLanes.Count > 3) TSimd.Store(TSimd.Add(TSimd.Load(output + (3 * OutputStep)), e), output + (3 * OutputStep));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddValue<TSimd, TVector, TLanes>(
        TVector value, TVector w0, TVector w1, TVector w2, TVector w3, ref TVector lane0, ref TVector lane1, ref TVector lane2, ref TVector lane3)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TLanes : struct, ILaneCount
    {
        lane0 = TSimd.MultiplyAdd(w0, value, lane0);
        if (TLanes.Count > 1) lane1 = TSimd.MultiplyAdd(w1, value, lane1);
        if (TLanes.Count > 2) lane2 = TSimd.MultiplyAdd(w2, value, lane2);
        if (TLanes.Count > 3) lane3 = TSimd.MultiplyAdd(w3, value, lane3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTo<TSimd, TVector>(float* output, TVector first, TVector second, TVector third, TVector fourth)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int width = TSimd.Width;
        TSimd.Store(TSimd.Add(TSimd.Load(output), first), output);
        TSimd.Store(TSimd.Add(TSimd.Load(output + width), second), output + width);
        TSimd.Store(TSimd.Add(TSimd.Load(output + (2 * width)), third), output + (2 * width));
        TSimd.Store(TSimd.Add(TSimd.Load(output + (3 * width)), fourth), output + (3 * width));
    }
}
