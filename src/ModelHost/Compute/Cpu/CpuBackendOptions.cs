namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>Settings of the cpu back end.</summary>
internal sealed class CpuBackendOptions
{
    /// <summary>More threads than any machine this runs on has; a larger number is a typing error.</summary>
    public const int MostThreads = 1024;

    /// <summary>Threads that compute, the caller's included. Default: one per logical processor.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Default: the widest available.</summary>
    public CpuInstructionSet InstructionSet { get; init; } = CpuInstructionSet.Auto;

    public void Validate()
    {
        if (Threads is < 1 or > MostThreads)
            throw new ArgumentOutOfRangeException(nameof(Threads), Threads, $"The cpu back end takes 1 to {MostThreads} threads.");
        if (!CpuFeatures.IsAvailable(InstructionSet))
            throw new ArgumentException($"This processor lacks {InstructionSet}; use {nameof(CpuInstructionSet.Auto)}.", nameof(InstructionSet));
    }
}
