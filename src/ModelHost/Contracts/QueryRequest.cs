using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.ModelHost.Contracts;

/// <summary>One query: the version to read, the prompt, and how to generate.</summary>
public sealed record QueryRequest(VersionedManifest Version, TextInput Prompt, GenerationOptions Options, IBlockSource Source)
{
    /// <summary>The memory that the version belongs to: what is computed of the prompt may be kept for the next one over the same version. Null = nothing is kept.</summary>
    public MemoryUid? Memory { get; init; }

    /// <summary>False: nothing is retrieved from the long-term bank, as if it were empty.</summary>
    public bool ReadsBank { get; init; } = true;

    /// <summary>On whose account it computes: requests of one flow share what that flow gets. Opaque to the model host.</summary>
    public string Flow { get; init; } = string.Empty;

    /// <summary>How urgent it is.</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Interactive;
}
