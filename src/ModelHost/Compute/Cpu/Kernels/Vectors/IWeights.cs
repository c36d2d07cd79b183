using System.Runtime.CompilerServices;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

/// <summary>How a stored weight becomes fp32 in a register.</summary>
internal unsafe interface IWeights<TVector>
    where TVector : struct
{
    static abstract int Bytes { get; }

    static abstract TVector Load(byte* from);
}

/// <summary>F32 as it is.</summary>
internal readonly unsafe struct SingleWeights<TSimd, TVector> : IWeights<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int Bytes => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load(byte* from) => TSimd.Load((float*)from);
}

/// <summary>BF16, widened by a shift.</summary>
internal readonly unsafe struct BFloat16Weights<TSimd, TVector> : IWeights<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load(byte* from) => TSimd.LoadBFloat16((ushort*)from);
}
