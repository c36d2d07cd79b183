using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>What this processor can do, asked once at start.</summary>
internal static class CpuFeatures
{
    /// <summary>False for an instruction set that the kernels could only emulate at a loss.</summary>
    public static bool IsAvailable(CpuInstructionSet set) => set switch
    {
        CpuInstructionSet.Auto or CpuInstructionSet.Scalar => true,
        CpuInstructionSet.Vector128 => Fma.IsSupported || AdvSimd.Arm64.IsSupported,
        CpuInstructionSet.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        CpuInstructionSet.Avx512 => Vector512.IsHardwareAccelerated && Avx512F.IsSupported && Avx512DQ.IsSupported,
        _ => false,
    };

    /// <summary>The set itself, or for <see cref="CpuInstructionSet.Auto"/> the widest available.</summary>
    public static CpuInstructionSet Resolve(CpuInstructionSet set)
    {
        if (set != CpuInstructionSet.Auto) return set;
        if (IsAvailable(CpuInstructionSet.Avx512)) return CpuInstructionSet.Avx512;
        if (IsAvailable(CpuInstructionSet.Avx2)) return CpuInstructionSet.Avx2;
        return IsAvailable(CpuInstructionSet.Vector128) ? CpuInstructionSet.Vector128 : CpuInstructionSet.Scalar;
    }

    /// <summary>Such as "AVX-512", for the back end's name.</summary>
    public static string Describe(CpuInstructionSet set) => set switch
    {
        CpuInstructionSet.Avx512 => "AVX-512",
        CpuInstructionSet.Avx2 => "AVX2",
        CpuInstructionSet.Vector128 => AdvSimd.IsSupported ? "NEON" : "128-bit vectors",
        _ => "scalar",
    };
}
