namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>Which kernels run. <see cref="Auto"/> takes the widest that this processor has; the others are for tests and for comparison.</summary>
internal enum CpuInstructionSet
{
    Auto,

    /// <summary>Plain C#, one number at a time: the reference that the others are compared with.</summary>
    Scalar,

    /// <summary>256-bit vectors with FMA; on processors other than x86 the runtime splits them into what these have.</summary>
    Avx2,

    /// <summary>512-bit vectors.</summary>
    Avx512,
}
