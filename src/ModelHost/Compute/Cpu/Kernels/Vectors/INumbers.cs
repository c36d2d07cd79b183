using System.Runtime.CompilerServices;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

/// <summary>How numbers of a stored row become fp32 in a register.</summary>
internal unsafe interface INumbers<TVector>
    where TVector : struct
{
    /// <summary>Numbers index, index + 1, ... of the row.</summary>
    static abstract TVector Load(byte* row, nint index);
}

/// <summary>F32 as it is.</summary>
internal readonly unsafe struct SingleNumbers<TSimd, TVector> : INumbers<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load(byte* row, nint index) => TSimd.Load((float*)row + index);
}

/// <summary>BF16, widened by a shift.</summary>
internal readonly unsafe struct BFloat16Numbers<TSimd, TVector> : INumbers<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load(byte* row, nint index) => TSimd.LoadBFloat16((ushort*)row + index);
}
