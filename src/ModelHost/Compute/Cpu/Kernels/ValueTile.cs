using System.Runtime.CompilerServices;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// Outputs of up to four lanes of a head += weights x a run of values, two vectors of the head at a time: eight sums, and each loaded value serves
/// all lanes. Missing lanes repeat the last one, whose sums they share and store again.
/// </summary>
internal readonly unsafe ref struct ValueTile
{
    public const int Lanes = 4;

    public required RowPlace* Places { get; init; }

    public required int Keys { get; init; }

    /// <summary>Element of a row where the head begins.</summary>
    public required int Column { get; init; }

    public required int HeadSize { get; init; }

    public required float* Weights0 { get; init; }

    public required float* Weights1 { get; init; }

    public required float* Weights2 { get; init; }

    public required float* Weights3 { get; init; }

    public required float* Output0 { get; init; }

    public required float* Output1 { get; init; }

    public required float* Output2 { get; init; }

    public required float* Output3 { get; init; }

    /// <summary>Whole vectors: what is read behind the head goes to where nobody looks.</summary>
    public void Run<TSimd, TVector, TNumbers>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TNumbers : struct, INumbers<TVector>
    {
        int d = 0;
        for (; d + TSimd.Width < HeadSize; d += 2 * TSimd.Width) RunTwo<TSimd, TVector, TNumbers>(d);
        if (d < HeadSize) RunOne<TSimd, TVector, TNumbers>(d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunTwo<TSimd, TVector, TNumbers>(int d)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TNumbers : struct, INumbers<TVector>
    {
        int e = d + TSimd.Width;
        nint at = Column + d;
        nint next = at + TSimd.Width;
        float* w0 = Weights0, w1 = Weights1, w2 = Weights2, w3 = Weights3;
        TVector a0 = TSimd.Load(Output0 + d), a1 = TSimd.Load(Output0 + e), b0 = TSimd.Load(Output1 + d), b1 = TSimd.Load(Output1 + e);
        TVector c0 = TSimd.Load(Output2 + d), c1 = TSimd.Load(Output2 + e), d0 = TSimd.Load(Output3 + d), d1 = TSimd.Load(Output3 + e);
        RowPlace* place = Places;
        for (int key = 0; key < Keys; key++, place++)
        {
            TVector left = TNumbers.Load(place->Value, at);
            TVector right = TNumbers.Load(place->Value, next);
            TVector weight = TSimd.Broadcast(w0[key]);
            a0 = TSimd.MultiplyAdd(weight, left, a0);
            a1 = TSimd.MultiplyAdd(weight, right, a1);
            weight = TSimd.Broadcast(w1[key]);
            b0 = TSimd.MultiplyAdd(weight, left, b0);
            b1 = TSimd.MultiplyAdd(weight, right, b1);
            weight = TSimd.Broadcast(w2[key]);
            c0 = TSimd.MultiplyAdd(weight, left, c0);
            c1 = TSimd.MultiplyAdd(weight, right, c1);
            weight = TSimd.Broadcast(w3[key]);
            d0 = TSimd.MultiplyAdd(weight, left, d0);
            d1 = TSimd.MultiplyAdd(weight, right, d1);
        }

        TSimd.Store(a0, Output0 + d);
        TSimd.Store(a1, Output0 + e);
        TSimd.Store(b0, Output1 + d);
        TSimd.Store(b1, Output1 + e);
        TSimd.Store(c0, Output2 + d);
        TSimd.Store(c1, Output2 + e);
        TSimd.Store(d0, Output3 + d);
        TSimd.Store(d1, Output3 + e);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunOne<TSimd, TVector, TNumbers>(int d)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TNumbers : struct, INumbers<TVector>
    {
        TVector a = TSimd.Load(Output0 + d), b = TSimd.Load(Output1 + d), c = TSimd.Load(Output2 + d), e = TSimd.Load(Output3 + d);
        for (int key = 0; key < Keys; key++)
        {
            TVector value = TNumbers.Load(Places[key].Value, Column + d);
            a = TSimd.MultiplyAdd(TSimd.Broadcast(Weights0[key]), value, a);
            b = TSimd.MultiplyAdd(TSimd.Broadcast(Weights1[key]), value, b);
            c = TSimd.MultiplyAdd(TSimd.Broadcast(Weights2[key]), value, c);
            e = TSimd.MultiplyAdd(TSimd.Broadcast(Weights3[key]), value, e);
        }

        TSimd.Store(a, Output0 + d);
        TSimd.Store(b, Output1 + d);
        TSimd.Store(c, Output2 + d);
        TSimd.Store(e, Output3 + d);
    }
}
