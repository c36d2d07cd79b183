namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>Which kernels run. <see cref="Auto"/> takes the widest that this processor has; the others are for tests and for comparison.</summary>
internal enum CpuInstructionSet
{
    Auto,

    /// <summary>Plain C#, one number at a time: the reference that the others are compared with.</summary>
    Scalar,

    /// <summary>128-bit vectors with FMA: NEON, and on x86 what tests compare it with.</summary>
    Vector128,

    /// <summary>256-bit vectors with FMA.</summary>
    Avx2,

    /// <summary>512-bit vectors.</summary>
    Avx512,
}
