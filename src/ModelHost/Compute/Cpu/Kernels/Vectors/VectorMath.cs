using System.Runtime.CompilerServices;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

/// <summary>Functions on vectors, and what kernels share at the end of a row.</summary>
internal static unsafe class VectorMath
{
    /// <summary>The widest vector's lanes: room for any tail.</summary>
    public const int MostLanes = 16;

    // Beyond these the result would be no normal number. Below, exp is 0; above, it is that of the bound (2.4e38).
    private const float Lowest = -87.33654f;
    private const float Highest = 88.37626f;

    /// <summary>
    /// e^x within 2 units in the last place: x = n ln 2 + r with ln 2 in two parts, and the minimax polynomial of Cephes' expf for e^r.
    /// NaN stays NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector lowest = TSimd.Broadcast(Lowest);
        TVector bounded = TSimd.Min(TSimd.Broadcast(Highest), TSimd.Max(lowest, x));
        TVector n = TSimd.Round(TSimd.Multiply(bounded, TSimd.Broadcast(1.44269504f)));
        TVector r = TSimd.MultiplyAdd(n, TSimd.Broadcast(-0.693359375f), bounded);
        r = TSimd.MultiplyAdd(n, TSimd.Broadcast(2.12194440e-4f), r);
        TVector p = TSimd.MultiplyAdd(TSimd.Broadcast(1.9875691500e-4f), r, TSimd.Broadcast(1.3981999507e-3f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(8.3334519073e-3f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(4.1665795894e-2f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(1.6666665459e-1f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Broadcast(5.0000001201e-1f));
        p = TSimd.MultiplyAdd(TSimd.Multiply(r, r), p, TSimd.Add(r, TSimd.Broadcast(1)));
        return TSimd.IfLess(x, lowest, TSimd.Broadcast(0), TSimd.Multiply(p, TSimd.PowerOfTwo(n)));
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sigmoid<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector one = TSimd.Broadcast(1);
        return TSimd.Divide(one, TSimd.Add(one, Exp<TSimd, TVector>(TSimd.Subtract(TSimd.Broadcast(0), x))));
    }

    /// <summary>The last <paramref name="count"/> numbers of a row, and zeros.</summary>
    public static TVector LoadTail<TSimd, TVector>(float* from, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* room = stackalloc float[MostLanes];
        for (int i = 0; i < MostLanes; i++) room[i] = i < count ? from[i] : 0;
        return TSimd.Load(room);
    }

    public static void StoreTail<TSimd, TVector>(TVector value, float* to, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* room = stackalloc float[MostLanes];
        TSimd.Store(value, room);
        for (int i = 0; i < count; i++) to[i] = room[i];
    }
}
