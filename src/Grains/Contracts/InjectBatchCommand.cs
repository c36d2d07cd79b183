using System.Collections.Immutable;
using LatentDb.MemoryStore;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Contracts;

/// <summary>Writes texts into a memory, one version each, in their order.</summary>
/// <param name="Items">The texts.</param>
/// <param name="ExpectedHead">Refuse unless this is the head when the first is written; null = any.</param>
/// <param name="Origin">Who asks, and the idempotency key of all of them together.</param>
public sealed record InjectBatchCommand(ImmutableArray<InjectItem> Items, VersionNumber? ExpectedHead, WriteOrigin Origin)
{
    /// <summary>Items of one batch: what the store takes as one operation.</summary>
    public const int MaxItems = StoreLimits.MaxOperationItems;
}

/// <summary>One inject of a batch.</summary>
/// <param name="Text">What is written.</param>
/// <param name="Seed">What the drops are drawn from; null = the grain draws one and stores it.</param>
/// <param name="Metadata">A JSON object as text that is kept with the version; null = none.</param>
public sealed record InjectItem(TextInput Text, ulong? Seed, string? Metadata);

/// <summary>What a batch did: the results of those that were written, in order, and why it stopped.</summary>
/// <param name="Written">One for each item that has a version now; at least one, because a batch of which nothing was written throws.</param>
/// <param name="Failure">Why the item after them was not written, and none after it was tried; null when all were written.</param>
public sealed record InjectBatchResult(ImmutableArray<InjectResult> Written, LatentDbException? Failure)
{
    /// <summary>True when all of it was written before, under the same key.</summary>
    public bool IsReplay => Failure is null && Written.All(w => w.IsReplay);
}
