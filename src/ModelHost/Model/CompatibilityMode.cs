namespace LatentDb.ModelHost.Model;

/// <summary>Habits of the official code that differ from what LatentDB does. All off by default; a replay of recorded vectors asks for them.</summary>
internal sealed record CompatibilityMode
{
    public static CompatibilityMode None { get; } = new();

    /// <summary>All of them, as the published code runs.</summary>
    public static CompatibilityMode Official { get; } = new()
    {
        AliasedFirstBlock = true,
        TruncatedDropCount = true,
        AgesSinceDrop = true,
        CyclicSmallBank = true,
        NumpyTies = true,
    };

    /// <summary>The first block of a checkpoint without memory holds one positional embedding too many in all layers but the last.</summary>
    public bool AliasedFirstBlock { get; init; }

    /// <summary>MemoryLLM drops int(N x (1 / blocks)) rows, which for some block counts is one too few, so that the pool grows.</summary>
    public bool TruncatedDropCount { get; init; }

    /// <summary>Ages count since the drop and not since the writing.</summary>
    public bool AgesSinceDrop { get; init; }

    /// <summary>A bank of fewer merged rows than are retrieved is repeated cyclically, and staged rows are ignored.</summary>
    public bool CyclicSmallBank { get; init; }

    /// <summary>Rows of equal age come as numpy's unstable sort leaves them: among few rows, newest first.</summary>
    public bool NumpyTies { get; init; }
}
