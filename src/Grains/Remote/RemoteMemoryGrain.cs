using System.Collections.Immutable;
using LatentDb.Grains.Contracts;
using LatentDb.Grains.Wire;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Remote;

/// <summary>A memory's grain at one other silo, asked once: whether to ask again, and whom, is the router's business.</summary>
internal sealed class RemoteMemoryGrain(MemoryKey key, GrainLink link) : IMemoryGrain
{
    public Task<WriteResult<MemorySummary>> CreateAsync(CreateMemoryCommand command, CancellationToken cancellationToken) => CallAsync(GrainVerbs.Create, command, cancellationToken);

    public Task<WriteResult<MemorySummary>> CreateForkAsync(ForkCommand command, CancellationToken cancellationToken) => CallAsync(GrainVerbs.Fork, command, cancellationToken);

    public Task<WriteResult<MemorySummary>> ImportAsync(ImportCommand command, Stream archive, CancellationToken cancellationToken) =>
        link.ImportAsync(key, command, archive, cancellationToken);

    public Task ExportAsync(ExportCommand command, Stream archive, CancellationToken cancellationToken) => link.ExportAsync(key, command, archive, cancellationToken);

    public Task<MemorySummary> DescribeAsync(CancellationToken cancellationToken) => CallAsync(GrainVerbs.Describe, NoArguments.Instance, cancellationToken);

    public Task<InjectResult> InjectAsync(InjectCommand command, CancellationToken cancellationToken) => CallAsync(GrainVerbs.Inject, command, cancellationToken);

    public Task<InjectBatchResult> InjectBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken) => CallAsync(GrainVerbs.InjectBatch, command, cancellationToken);

    public Task<AcceptedOperation> AcceptAsync(InjectCommand command, CancellationToken cancellationToken) => CallAsync(GrainVerbs.Accept, command, cancellationToken);

    public Task<AcceptedOperation> AcceptBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken) => CallAsync(GrainVerbs.AcceptBatch, command, cancellationToken);

    public Task<WriteOperation> GetOperationAsync(OperationUid operation, CancellationToken cancellationToken) => CallAsync(GrainVerbs.GetOperation, operation, cancellationToken);

    public Task<ImmutableArray<WriteOperation>> ListOperationsAsync(int limit, OperationUid? before, CancellationToken cancellationToken) =>
        CallAsync(GrainVerbs.ListOperations, new OperationPage(limit, before), cancellationToken);

    public Task<WriteOperation> CancelOperationAsync(OperationUid operation, CancellationToken cancellationToken) => CallAsync(GrainVerbs.CancelOperation, operation, cancellationToken);

    public IAsyncEnumerable<QueryEvent> QueryAsync(QueryCommand command, CancellationToken cancellationToken) => link.QueryAsync(key, command, cancellationToken);

    public Task<WriteResult<MemoryVersion>> RollBackAsync(RollbackCommand command, CancellationToken cancellationToken) => CallAsync(GrainVerbs.RollBack, command, cancellationToken);

    public Task<ImmutableArray<MemoryVersion>> ListVersionsAsync(int limit, VersionNumber? before, CancellationToken cancellationToken) =>
        CallAsync(GrainVerbs.ListVersions, new VersionPage(limit, before), cancellationToken);

    public Task<MemoryVersion> GetVersionAsync(VersionNumber number, CancellationToken cancellationToken) => CallAsync(GrainVerbs.GetVersion, number, cancellationToken);

    public Task<MemoryVersion?> FindWriteAsync(string operationId, CancellationToken cancellationToken) => CallAsync(GrainVerbs.FindWrite, operationId, cancellationToken);

    public Task<TextInput?> ReadTextAsync(VersionNumber number, CancellationToken cancellationToken) => CallAsync(GrainVerbs.ReadText, number, cancellationToken);

    public Task<MemoryDiff> DiffAsync(VersionSelector from, VersionSelector to, CancellationToken cancellationToken) =>
        CallAsync(GrainVerbs.Diff, new DiffRange(from, to), cancellationToken);

    public Task<WriteResult<Snapshot>> CreateSnapshotAsync(SnapshotCommand command, CancellationToken cancellationToken) => CallAsync(GrainVerbs.CreateSnapshot, command, cancellationToken);

    public Task<ImmutableArray<Snapshot>> ListSnapshotsAsync(CancellationToken cancellationToken) => CallAsync(GrainVerbs.ListSnapshots, NoArguments.Instance, cancellationToken);

    public Task<bool> DeleteSnapshotAsync(DeleteSnapshotCommand command, CancellationToken cancellationToken) => CallAsync(GrainVerbs.DeleteSnapshot, command, cancellationToken);

    public Task<bool> EraseAsync(EraseCommand command, CancellationToken cancellationToken) => CallAsync(GrainVerbs.Erase, command, cancellationToken);

    private Task<TResult> CallAsync<TArguments, TResult>(GrainVerb<TArguments, TResult> verb, TArguments arguments, CancellationToken cancellationToken)
        where TArguments : notnull
        => link.CallAsync(verb, key, arguments, cancellationToken);
}
