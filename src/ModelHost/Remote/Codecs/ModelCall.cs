using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Remote.Codecs;

/// <summary>What one stream asks of a model silo. Fields that a verb does not use have their defaults.</summary>
internal sealed record ModelCall(ModelVerb Verb)
{
    /// <summary>Where the version's blocks are read: the owner's address.</summary>
    public string Owner { get; init; } = string.Empty;

    /// <summary>Number of the version.</summary>
    public VersionNumber Version { get; init; } = VersionNumber.First;

    /// <summary>The model that wrote it.</summary>
    public ModelFingerprint? Fingerprint { get; init; }

    /// <summary>Names the version's manifest; what the silo has under it need not be sent.</summary>
    public UInt128 Manifest { get; init; }

    /// <summary>The memory, where it is known.</summary>
    public MemoryUid? Memory { get; init; }

    /// <summary>Text of an inject or prompt of a query.</summary>
    public TextInput? Text { get; init; }

    /// <summary>Of an inject.</summary>
    public ulong Seed { get; init; }

    /// <summary>Of a query.</summary>
    public GenerationOptions? Options { get; init; }

    /// <summary>Of a query.</summary>
    public bool ReadsBank { get; init; } = true;

    /// <summary>Whose account.</summary>
    public string Flow { get; init; } = string.Empty;

    /// <summary>How urgent.</summary>
    public RequestPriority Priority { get; init; }

    /// <summary>The first blocks that may be written; more come one by one.</summary>
    public ImmutableArray<BlockId> Blocks { get; init; } = [];

    /// <summary>Memories to forget.</summary>
    public ImmutableArray<MemoryUid> Forgotten { get; init; } = [];

    /// <summary>The caller's span (W3C traceparent), so that the work shows in its trace; null = none.</summary>
    public string? Trace { get; init; }
}

/// <summary>The verbs of <see cref="IModelHost"/>. The values go over the wire.</summary>
internal enum ModelVerb
{
    Describe = 1,
    Genesis = 2,
    Inject = 3,
    Query = 4,
    Prefetch = 5,
    Forget = 6,
}
