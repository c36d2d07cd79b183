using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.ModelHost.Contracts;

/// <summary>One inject: what it builds on, what it writes, and where blocks come from and go to.</summary>
/// <param name="Head">The version to build on.</param>
/// <param name="Text">What is injected.</param>
/// <param name="Seed">What the drops are drawn from; the same head, text and seed give the same result on the same back end.</param>
/// <param name="Source">Reads the newest block.</param>
/// <param name="Sink">Receives the new blocks.</param>
public sealed record InjectRequest(VersionedManifest Head, TextInput Text, ulong Seed, IBlockSource Source, IBlockSink Sink)
{
    /// <summary>The memory that is written: decides which silo of a cluster computes. Null = unknown.</summary>
    public MemoryUid? Memory { get; init; }

    /// <summary>On whose account it computes: requests of one flow share what that flow gets. Opaque to the model host.</summary>
    public string Flow { get; init; } = string.Empty;

    /// <summary>How urgent it is.</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Normal;
}
