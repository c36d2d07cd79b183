using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Contracts;

/// <summary>
/// One memory. Create, fork, import, inject, roll back, snapshot and erase run one at a time, in the order of their arrival; queries and listings interleave
/// freely on the version that was head when they came.
/// </summary>
/// <remarks>
/// Every verb may throw <see cref="MemoryStore.Errors.LatentDbException"/>: memory_not_found, overloaded (the queue of writes or the table of
/// active memories is full), shutting_down, and what its own summary names. A write under an idempotency key that was used before changes nothing and gets
/// the first answer; when the first request was another one, idempotency_mismatch. A key belongs to one memory.
/// </remarks>
public partial interface IMemoryGrain
{
    /// <summary>Creates the memory from the model's genesis. Throws memory_exists.</summary>
    Task<WriteResult<MemorySummary>> CreateAsync(CreateMemoryCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// Creates this memory from another one's version; durable when the task ends. The two share blocks and nothing else: what is done to one is never
    /// seen in the other, erasing included. Throws memory_exists, version_not_found, version_expired, snapshot_not_found.
    /// </summary>
    Task<WriteResult<MemorySummary>> CreateForkAsync(ForkCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// Creates this memory from an archive, which is verified to its end before anything of it becomes visible; durable when the task ends. Throws
    /// memory_exists, archive_invalid, model_mismatch.
    /// </summary>
    Task<WriteResult<MemorySummary>> ImportAsync(ImportCommand command, Stream archive, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the memory into an archive. A failure leaves a cut archive, which no import takes. Throws version_not_found, version_expired,
    /// snapshot_not_found.
    /// </summary>
    Task ExportAsync(ExportCommand command, Stream archive, CancellationToken cancellationToken);

    /// <summary>Name, creation and head.</summary>
    Task<MemorySummary> DescribeAsync(CancellationToken cancellationToken);

    /// <summary>Writes text into the memory; durable when the task ends. Throws version_conflict, text_too_short, text_too_long, model_mismatch.</summary>
    Task<InjectResult> InjectAsync(InjectCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// Writes several texts in one turn, one version each. Stops at the first that fails; sent again under the same key it goes on from there. Throws what
    /// InjectAsync throws when nothing was written.
    /// </summary>
    Task<InjectBatchResult> InjectBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// Takes an inject to be made later; durable when the task ends. Operations of a memory are made in the order of their acceptance, each in a writing
    /// turn of its own. Throws version_conflict, overloaded when too many wait.
    /// </summary>
    Task<AcceptedOperation> AcceptAsync(InjectCommand command, CancellationToken cancellationToken);

    /// <summary>The same for a batch.</summary>
    Task<AcceptedOperation> AcceptBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken);

    /// <summary>An accepted write. Throws operation_not_found.</summary>
    Task<WriteOperation> GetOperationAsync(OperationUid operation, CancellationToken cancellationToken);

    /// <summary>Up to <paramref name="limit"/> accepted writes before <paramref name="before"/> (null = from the newest), newest first.</summary>
    Task<ImmutableArray<WriteOperation>> ListOperationsAsync(int limit, OperationUid? before, CancellationToken cancellationToken);

    /// <summary>Calls an accepted write off that has not begun. Throws operation_not_found, operation_not_cancellable.</summary>
    Task<WriteOperation> CancelOperationAsync(OperationUid operation, CancellationToken cancellationToken);

    /// <summary>Asks the model with one version of the memory: one <see cref="QueryStarted"/>, then the events of the model.</summary>
    IAsyncEnumerable<QueryEvent> QueryAsync(QueryCommand command, CancellationToken cancellationToken);

    /// <summary>Makes a new head with the content of an older version. Throws version_not_found, snapshot_not_found, version_conflict.</summary>
    Task<WriteResult<MemoryVersion>> RollBackAsync(RollbackCommand command, CancellationToken cancellationToken);

    /// <summary>Up to <paramref name="limit"/> versions before <paramref name="before"/> (null = from the head), newest first.</summary>
    Task<ImmutableArray<MemoryVersion>> ListVersionsAsync(int limit, VersionNumber? before, CancellationToken cancellationToken);

    /// <summary>One version. Throws version_not_found, version_expired.</summary>
    Task<MemoryVersion> GetVersionAsync(VersionNumber number, CancellationToken cancellationToken);

    /// <summary>The version that a write under this idempotency key made; null = none that is still known.</summary>
    Task<MemoryVersion?> FindWriteAsync(string operationId, CancellationToken cancellationToken);

    /// <summary>What was injected by a version; null when it injected nothing or its text was not kept. Throws version_not_found, version_expired.</summary>
    Task<TextInput?> ReadTextAsync(VersionNumber number, CancellationToken cancellationToken);

    /// <summary>What became of the memory from one version to another, in either direction of time. Throws version_not_found, version_expired, snapshot_not_found.</summary>
    Task<MemoryDiff> DiffAsync(VersionSelector from, VersionSelector to, CancellationToken cancellationToken);

    /// <summary>Names a version. Throws snapshot_exists, version_not_found, snapshot_not_found.</summary>
    Task<WriteResult<Snapshot>> CreateSnapshotAsync(SnapshotCommand command, CancellationToken cancellationToken);

    /// <summary>All snapshots, by name.</summary>
    Task<ImmutableArray<Snapshot>> ListSnapshotsAsync(CancellationToken cancellationToken);

    /// <summary>Takes a name away; the version stays as long as retention keeps it. True when the same key did it before. Throws snapshot_not_found.</summary>
    Task<bool> DeleteSnapshotAsync(DeleteSnapshotCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// Erases the memory for good: when the task ends, its key is destroyed on the disk and its rows have left the model's memory. Queries that read it
    /// at this moment end by themselves. True when the same key did it before. Throws version_conflict.
    /// </summary>
    Task<bool> EraseAsync(EraseCommand command, CancellationToken cancellationToken);
}
