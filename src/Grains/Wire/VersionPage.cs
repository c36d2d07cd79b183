using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Wire;

/// <summary>Arguments of a verb: a page of versions.</summary>
internal sealed record VersionPage(int Limit, VersionNumber? Before);

/// <summary>Arguments of a verb: a page of operations.</summary>
internal sealed record OperationPage(int Limit, OperationUid? Before);

/// <summary>Arguments of a verb: a page of a tenant's memories.</summary>
internal sealed record MemoryPage(int Limit, MemoryId? After);

/// <summary>Arguments of a verb: the two ends of a difference.</summary>
internal sealed record DiffRange(VersionSelector From, VersionSelector To);

/// <summary>Arguments of a verb that has none.</summary>
internal sealed record NoArguments
{
    public static NoArguments Instance { get; } = new();
}
