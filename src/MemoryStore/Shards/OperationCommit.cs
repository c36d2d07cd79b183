using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Versions.Operations;

namespace LatentDb.MemoryStore.Shards;

/// <summary>
/// Accepted writes: durable before they are acknowledged, ended by one record or by the version of their last item.
/// <code>
/// step                                              if the power goes right after it
/// 1 accepted record committed                       the operation is there, queued; its caller may not know
/// 2 caller told                                     the same
/// 3 version of item i committed, naming the item    item i is made and is never made again; the operation goes on with i + 1
/// 4 version of the last item committed              the operation has succeeded
///   or ended record committed                       it has failed, or was cancelled, or found that its key had made it before
/// </code>
/// The text of an operation stands in its accepted record under the memory's key and nowhere else; an erasure takes it along.
/// </summary>
internal sealed class OperationCommit(Shard shard)
{
    private static readonly TimeSpan FullDelay = TimeSpan.FromSeconds(5);

    /// <summary>Throws unless the item of the operation is still to be made.</summary>
    /// <exception cref="LatentDbException">version_conflict: it was made, or the operation was cancelled or erased.</exception>
    public static void RequirePending(MemoryEntry entry, OperationStep? step)
    {
        if (step is null) return;
        WriteOperation? operation = entry.OfOperations(o => o.Find(step.Operation)?.Operation);
        bool isToBeMade = operation is { IsPending: true } && step.Item < operation.Versions.Length && operation.Versions[step.Item] is null;
        if (!isToBeMade) throw new LatentDbException(ErrorCode.VersionConflict, $"Item {step.Item} of operation {step.Operation} of {entry.Key} is not pending any more.");
    }

    /// <returns>The operation, and whether it was accepted before under the same key.</returns>
    /// <exception cref="LatentDbException">idempotency_mismatch, memory_not_found; overloaded when too many wait; store_full, store_unavailable.</exception>
    public async Task<AcceptedOperation> AcceptAsync(MemoryEntry entry, OperationDraft draft, CancellationToken cancellationToken)
    {
        using IDisposable gate = await shard.Commit.EnterAsync(entry.Key, cancellationToken).ConfigureAwait(false);
        RequireAlive(entry);
        if (draft.Origin.OperationId is string key && entry.OfOperations(o => o.FindKey(key)) is WriteOperation first)
        {
            if (first.Origin.Digest == draft.Origin.Digest) return new AcceptedOperation(first, IsReplay: true);
            throw new LatentDbException(ErrorCode.IdempotencyMismatch, $"The idempotency key '{key}' was used with another request before; choose another, or send the same request.");
        }

        int pending = entry.OfOperations(o => o.PendingCount);
        if (pending >= StoreLimits.MaxPendingOperations)
        {
            throw new LatentDbException(ErrorCode.Overloaded, $"{pending} operations of {entry.Key} are waiting.") { RetryAfter = FullDelay };
        }

        shard.Space?.Require(draft.Items.Sum(item => (long)item.Text.Length));
        OperationUid uid = OperationUid.New();
        await shard.Writer.ChangeAsync(entry.Uid, new OperationAcceptedRecord(uid, draft, IsMoved: false)).ConfigureAwait(false);
        return new AcceptedOperation(entry.OfOperations(o => o.Find(uid))!.Operation, IsReplay: false);
    }

    /// <summary>Ends a pending operation; one that has ended stays as it is.</summary>
    public async Task<WriteOperation> EndAsync(
        MemoryEntry entry, OperationUid uid, OperationStatus status, ImmutableArray<VersionNumber?>? versions, OperationFailure? failure, CancellationToken cancellationToken)
    {
        using IDisposable gate = await shard.Commit.EnterAsync(entry.Key, cancellationToken).ConfigureAwait(false);
        RequireAlive(entry);
        WriteOperation operation = Require(entry, uid);
        if (!operation.IsPending) return operation;
        await shard.Writer.ChangeAsync(entry.Uid, new OperationEndedRecord(uid, status, versions ?? operation.Versions, failure)).ConfigureAwait(false);
        return Require(entry, uid);
    }

    /// <summary>What a pending operation is to write; null when it has ended.</summary>
    /// <exception cref="LatentDbException">data_damaged.</exception>
    public async ValueTask<OperationDraft?> ReadAsync(MemoryEntry entry, OperationUid uid, CancellationToken cancellationToken)
    {
        while (entry.OfOperations(o => o.Find(uid))?.Location is RecordLocation location)
        {
            try
            {
                return ((OperationAcceptedRecord)await shard.Records.ReadAsync(location, FrameKind.OperationAccepted, entry.Uid, cancellationToken).ConfigureAwait(false)).Draft;
            }
            catch (SegmentMissingException) when (entry.OfOperations(o => o.Find(uid))?.Location != location)
            {
                // Moved by compaction while it was read.
            }
        }

        return null;
    }

    /// <exception cref="LatentDbException">operation_not_found.</exception>
    public static WriteOperation Require(MemoryEntry entry, OperationUid uid) => entry.OfOperations(o => o.Find(uid))?.Operation
        ?? throw new LatentDbException(ErrorCode.OperationNotFound, $"Memory {entry.Key} has no operation {uid}, or it ended too long ago.");

    private static void RequireAlive(MemoryEntry entry)
    {
        if (entry.IsErased) throw new LatentDbException(ErrorCode.MemoryNotFound, $"Memory {entry.Key} does not exist.");
    }
}
