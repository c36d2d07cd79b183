using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// One head of one stored row to fp32, rotated where it is not yet. Reads and writes whole vectors: up to a vector behind the head, where memory
/// has slack (<see cref="Memory.AlignedMemory"/>) and the target has room.
/// </summary>
internal static unsafe class HeadRow
{
    private const int BytesPerLine = 64;

    /// <summary>Room of a head: whole vectors, and one for what spills.</summary>
    public static int Stride(int headSize) => Gemm.PaddedRows(headSize, VectorMath.MostLanes) + VectorMath.MostLanes;

    /// <summary>
    /// Heads at element <paramref name="column"/> of some keys, <see cref="Stride"/> apart. Their values, and keys <paramref name="ahead"/> places further
    /// up to <paramref name="end"/>, are fetched meanwhile.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadKeys<TSimd, TVector>(RowPlace* places, int count, int column, int headSize, float* to, int ahead, RowPlace* end)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int stride = Stride(headSize);
        for (RowPlace* place = places; place < places + count; place++, to += stride)
        {
            if (place->Type == ElementType.BF16) LoadKey<TSimd, TVector, BFloat16Numbers<TSimd, TVector>>(place, column, headSize, to);
            else LoadKey<TSimd, TVector, SingleNumbers<TSimd, TVector>>(place, column, headSize, to);
            if (place + ahead < end) Fetch(place, (place + ahead)->Key, column, headSize);
            Fetch(place, place->Value, column, headSize);
        }
    }

    /// <summary>A few lines at a time: of many at once the processor drops what it cannot note.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(RowPlace* place, byte* row, int column, int headSize)
    {
        if (!Sse.IsSupported) return;
        int size = place->Type == ElementType.BF16 ? sizeof(ushort) : sizeof(float);
        byte* last = row + ((nint)(column + headSize) * size);
        for (row += (nint)column * size; row < last; row += BytesPerLine) Sse.Prefetch1(row);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadValues<TSimd, TVector>(RowPlace* places, int count, int column, int headSize, float* to)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int stride = Stride(headSize);
        for (RowPlace* place = places; place < places + count; place++, to += stride)
        {
            if (place->Type == ElementType.BF16) Widen<TSimd, TVector, BFloat16Numbers<TSimd, TVector>>(place->Value, column, headSize, to);
            else Widen<TSimd, TVector, SingleNumbers<TSimd, TVector>>(place->Value, column, headSize, to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadKey<TSimd, TVector, TNumbers>(RowPlace* place, int column, int headSize, float* to)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TNumbers : struct, INumbers<TVector>
    {
        if (place->Angles == null) Widen<TSimd, TVector, TNumbers>(place->Key, column, headSize, to);
        else Rotate<TSimd, TVector, TNumbers>(place->Key, column, headSize, place->Angles, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen<TSimd, TVector, TNumbers>(byte* row, int column, int headSize, float* to)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TNumbers : struct, INumbers<TVector>
    {
        for (int i = 0; i < headSize; i += TSimd.Width) TSimd.Store(TNumbers.Load(row, column + i), to + i);
    }

    /// <summary>From the last vector to the first: what the low half's last vector spills into the high half is then overwritten.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rotate<TSimd, TVector, TNumbers>(byte* row, int column, int headSize, float* cosines, float* to)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TNumbers : struct, INumbers<TVector>
    {
        int half = headSize / 2;
        float* sines = cosines + half;
        for (int i = (half - 1) / TSimd.Width * TSimd.Width; i >= 0; i -= TSimd.Width)
        {
            TVector a = TNumbers.Load(row, column + i);
            TVector b = TNumbers.Load(row, column + half + i);
            TVector cosine = TSimd.Load(cosines + i);
            TVector sine = TSimd.Load(sines + i);
            TSimd.Store(TSimd.Subtract(TSimd.Multiply(a, cosine), TSimd.Multiply(b, sine)), to + i);
            TSimd.Store(TSimd.Add(TSimd.Multiply(b, cosine), TSimd.Multiply(a, sine)), to + half + i);
        }
    }
}
