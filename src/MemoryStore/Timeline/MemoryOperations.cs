using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Versions.Operations;

namespace LatentDb.MemoryStore.Timeline;

/// <summary>The accepted writes of one memory: durable from their acceptance to their end, and for a while after it.</summary>
public sealed class MemoryOperations
{
    private readonly Shard _shard;
    private readonly MemoryEntry _entry;

    internal MemoryOperations(Shard shard, MemoryEntry entry)
    {
        _shard = shard;
        _entry = entry;
    }

    /// <summary>Takes injects to be made later. Durable when the task ends; a draft whose key was accepted before changes nothing and returns that operation.</summary>
    /// <exception cref="LatentDbException">
    /// idempotency_mismatch; overloaded when <see cref="StoreLimits.MaxPendingOperations"/> wait; invalid_request, memory_not_found, store_full, store_unavailable, stale_owner.
    /// </exception>
    public Task<AcceptedOperation> AcceptAsync(OperationDraft draft, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(draft);
        WriteRules.Check(_entry.Key, draft);
        return _shard.Operations.AcceptAsync(_entry, draft, cancellationToken);
    }

    /// <exception cref="LatentDbException">operation_not_found, memory_not_found.</exception>
    public WriteOperation Get(OperationUid uid)
    {
        RequireAlive();
        return OperationCommit.Require(_entry, uid);
    }

    /// <summary>Up to <paramref name="limit"/> operations that were accepted before <paramref name="before"/> (null = from the newest), newest first.</summary>
    public ImmutableArray<WriteOperation> List(int limit, OperationUid? before)
    {
        RequireAlive();
        return _entry.OfOperations(o => o.List(Math.Clamp(limit, 0, StoreLimits.MaxPageItems), before));
    }

    /// <summary>The oldest one that is pending; null when none is.</summary>
    public WriteOperation? Next()
    {
        RequireAlive();
        return _entry.OfOperations(o => o.FirstPending?.Operation);
    }

    /// <summary>What a pending operation is to write; null when it has ended.</summary>
    /// <exception cref="LatentDbException">data_damaged, memory_not_found.</exception>
    public ValueTask<OperationDraft?> ReadAsync(OperationUid uid, CancellationToken cancellationToken)
    {
        RequireAlive();
        return _shard.Operations.ReadAsync(_entry, uid, cancellationToken);
    }

    /// <summary>Calls a pending operation off; one that has ended stays as it is.</summary>
    /// <exception cref="LatentDbException">operation_not_found, memory_not_found, store_full, store_unavailable, stale_owner.</exception>
    public Task<WriteOperation> CancelAsync(OperationUid uid, CancellationToken cancellationToken) =>
        _shard.Operations.EndAsync(_entry, uid, OperationStatus.Cancelled, null, null, cancellationToken);

    /// <summary>Ends a pending operation that could not be made to its end.</summary>
    /// <exception cref="LatentDbException">operation_not_found, memory_not_found, store_full, store_unavailable, stale_owner.</exception>
    public Task<WriteOperation> FailAsync(OperationUid uid, OperationFailure failure, CancellationToken cancellationToken) =>
        _shard.Operations.EndAsync(_entry, uid, OperationStatus.Failed, null, failure, cancellationToken);

    /// <summary>Ends a pending operation of which some items had been made before, under the same keys.</summary>
    /// <exception cref="LatentDbException">operation_not_found, memory_not_found, store_full, store_unavailable, stale_owner.</exception>
    public Task<WriteOperation> SucceedAsync(OperationUid uid, ImmutableArray<VersionNumber?> versions, CancellationToken cancellationToken) =>
        _shard.Operations.EndAsync(_entry, uid, OperationStatus.Succeeded, versions, null, cancellationToken);

    private void RequireAlive()
    {
        _shard.Ownership.Require();
        if (_entry.IsErased) throw new LatentDbException(ErrorCode.MemoryNotFound, $"Memory {_entry.Key} does not exist.");
    }
}
