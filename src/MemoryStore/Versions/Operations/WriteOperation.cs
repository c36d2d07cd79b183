using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Versions.Operations;

/// <summary>An accepted write and what became of it.</summary>
/// <param name="Uid">Its name.</param>
/// <param name="Status">Where it stands; the store itself never says running.</param>
/// <param name="AcceptedAt">When it became durable.</param>
/// <param name="IsBatch">True for a list of injects.</param>
/// <param name="Versions">For each item the version that it made; null for those that have made none.</param>
/// <param name="Origin">Who asked, under which key, for what.</param>
public sealed record WriteOperation(
    OperationUid Uid, OperationStatus Status, HybridTimestamp AcceptedAt, bool IsBatch, ImmutableArray<VersionNumber?> Versions, WriteOrigin Origin)
{
    /// <summary>When it ended; null before.</summary>
    public HybridTimestamp? EndedAt { get; init; }

    /// <summary>Why it failed.</summary>
    public OperationFailure? Failure { get; init; }

    /// <summary>True until it has succeeded, failed or been cancelled.</summary>
    public bool IsPending => Status is OperationStatus.Queued or OperationStatus.Running;
}

/// <summary>Where an operation stands. The values are the on-disk format.</summary>
public enum OperationStatus : byte
{
    /// <summary>It waits for its turn.</summary>
    Queued = 1,

    /// <summary>It is being made; after a crash it is queued again.</summary>
    Running = 2,

    /// <summary>Every item has made its version.</summary>
    Succeeded = 3,

    /// <summary>An item could not be made; those after it were not tried.</summary>
    Failed = 4,

    /// <summary>It was called off before it began.</summary>
    Cancelled = 5,
}

/// <summary>Why an operation failed.</summary>
/// <param name="Code">Name of an <see cref="Errors.ErrorCode"/>.</param>
/// <param name="Message">One sentence, safe to show.</param>
/// <param name="Item">The item that failed.</param>
public sealed record OperationFailure(string Code, string Message, int Item);
