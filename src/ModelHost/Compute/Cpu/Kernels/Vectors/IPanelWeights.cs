using System.Runtime.CompilerServices;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

/// <summary>
/// How a panel's 32 weights of one input become fp32 in registers, in pairs of vectors: outputs j, j + 1, ... and outputs 16 + j, 17 + j, ... of the
/// panel. The pairing lets two BF16 weights lie in one 32-bit word, from where a shift and a mask widen them.
/// </summary>
internal unsafe interface IPanelWeights<TVector>
    where TVector : struct
{
    /// <summary>Bytes of the 32 weights of one input.</summary>
    static abstract int PanelStep { get; }

    /// <summary>Where the pair of output <paramref name="j"/> begins, in bytes from the 32 weights' start.</summary>
    static abstract nint Offset(int j);

    static abstract TVector Left(byte* pair);

    static abstract TVector Right(byte* pair);
}

/// <summary>F32 as it is.</summary>
internal readonly unsafe struct SingleWeights<TSimd, TVector> : IPanelWeights<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PanelStep => Gemm.PanelWidth * sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Offset(int j) => j * sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Left(byte* pair) => TSimd.Load((float*)pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Right(byte* pair) => TSimd.Load((float*)pair + (Gemm.PanelWidth / 2));
}

/// <summary>BF16: word j of an input holds output j in its low half and output 16 + j in its high half.</summary>
internal readonly unsafe struct BFloat16Weights<TSimd, TVector> : IPanelWeights<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PanelStep => Gemm.PanelWidth * sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Offset(int j) => j * sizeof(uint);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Left(byte* pair) => TSimd.LoadLowHalves((uint*)pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Right(byte* pair) => TSimd.LoadHighHalves((uint*)pair);
}

/// <summary>I8: the whole numbers; the scale of an output is applied to its finished sum.</summary>
internal readonly unsafe struct Int8Weights<TSimd, TVector> : IPanelWeights<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PanelStep => Gemm.PanelWidth;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Offset(int j) => j;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Left(byte* pair) => TSimd.LoadInt8((sbyte*)pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Right(byte* pair) => TSimd.LoadInt8((sbyte*)pair + (Gemm.PanelWidth / 2));
}
