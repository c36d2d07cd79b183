using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using LatentDb.Grains.Contracts;
using LatentDb.Grains.Memories;
using LatentDb.Grains.Telemetry;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Hosting;

/// <summary>A caller's handle to a grain of this process: activates it, gives writes their turns, lets reads through.</summary>
internal sealed partial class EmbeddedMemoryGrain(MemoryKey key, EmbeddedGrainHost host) : IMemoryGrain
{
    public Task<WriteResult<MemorySummary>> CreateAsync(CreateMemoryCommand command, CancellationToken cancellationToken) =>
        host.WriteAsync(key, "create", (grain, token) => grain.CreateAsync(command, token), cancellationToken);

    public Task<WriteResult<MemorySummary>> CreateForkAsync(ForkCommand command, CancellationToken cancellationToken) =>
        host.WriteAsync(key, "fork", (grain, token) => grain.CreateForkAsync(command, token), cancellationToken);

    public Task<WriteResult<MemorySummary>> ImportAsync(ImportCommand command, Stream archive, CancellationToken cancellationToken) =>
        host.WriteAsync(key, "import", (grain, token) => grain.ImportAsync(command, archive, token), cancellationToken);

    public Task ExportAsync(ExportCommand command, Stream archive, CancellationToken cancellationToken) =>
        host.Telemetry.RecordAsync("export", key, () => ReadAsync((grain, token) => grain.ExportAsync(command, archive, token), cancellationToken));

    public Task<MemorySummary> DescribeAsync(CancellationToken cancellationToken) => ReadAsync((grain, token) => grain.DescribeAsync(token), cancellationToken);

    public Task<InjectResult> InjectAsync(InjectCommand command, CancellationToken cancellationToken) =>
        host.WriteAsync(key, "inject", (grain, token) => grain.InjectAsync(command, token), cancellationToken);

    public Task<InjectBatchResult> InjectBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken) =>
        host.WriteAsync(key, "inject_batch", (grain, token) => grain.InjectBatchAsync(command, token), cancellationToken);

    public Task<AcceptedOperation> AcceptAsync(InjectCommand command, CancellationToken cancellationToken) =>
        AcceptAsync((grain, token) => grain.AcceptAsync(command, token), cancellationToken);

    public Task<AcceptedOperation> AcceptBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken) =>
        AcceptAsync((grain, token) => grain.AcceptBatchAsync(command, token), cancellationToken);

    public Task<WriteOperation> GetOperationAsync(OperationUid operation, CancellationToken cancellationToken) =>
        ReadAsync((grain, token) => grain.GetOperationAsync(operation, token), cancellationToken);

    public Task<ImmutableArray<WriteOperation>> ListOperationsAsync(int limit, OperationUid? before, CancellationToken cancellationToken) =>
        ReadAsync((grain, token) => grain.ListOperationsAsync(limit, before, token), cancellationToken);

    public Task<WriteOperation> CancelOperationAsync(OperationUid operation, CancellationToken cancellationToken) =>
        host.Telemetry.RecordAsync("operation_cancel", key, () => ReadAsync((grain, token) => grain.CancelOperationAsync(operation, token), cancellationToken));

    public async IAsyncEnumerable<QueryEvent> QueryAsync(QueryCommand command, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using GrainTelemetry.CallRecord record = host.Telemetry.Begin("query", key);
        using EmbeddedGrainHost.Call call = host.Begin(key, cancellationToken);
        await foreach (QueryEvent step in call.Grain.QueryAsync(command, call.Token).ConfigureAwait(false))
        {
            if (step is QueryStarted) record.Describe(step);
            yield return step;
            record.Resume();
        }

        record.Outcome = GrainTelemetry.CallRecord.Ok;
    }

    public Task<WriteResult<MemoryVersion>> RollBackAsync(RollbackCommand command, CancellationToken cancellationToken) =>
        host.WriteAsync(key, "rollback", (grain, token) => grain.RollBackAsync(command, token), cancellationToken);

    public Task<ImmutableArray<MemoryVersion>> ListVersionsAsync(int limit, VersionNumber? before, CancellationToken cancellationToken) =>
        ReadAsync((grain, token) => grain.ListVersionsAsync(limit, before, token), cancellationToken);

    public Task<MemoryVersion> GetVersionAsync(VersionNumber number, CancellationToken cancellationToken) =>
        ReadAsync((grain, token) => grain.GetVersionAsync(number, token), cancellationToken);

    public Task<MemoryVersion?> FindWriteAsync(string operationId, CancellationToken cancellationToken) =>
        ReadAsync((grain, token) => grain.FindWriteAsync(operationId, token), cancellationToken);

    public Task<TextInput?> ReadTextAsync(VersionNumber number, CancellationToken cancellationToken) =>
        ReadAsync((grain, token) => grain.ReadTextAsync(number, token), cancellationToken);

    public Task<MemoryDiff> DiffAsync(VersionSelector from, VersionSelector to, CancellationToken cancellationToken) =>
        host.Telemetry.RecordAsync("diff", key, () => ReadAsync((grain, token) => grain.DiffAsync(from, to, token), cancellationToken));

    public Task<WriteResult<Snapshot>> CreateSnapshotAsync(SnapshotCommand command, CancellationToken cancellationToken) =>
        host.WriteAsync(key, "snapshot_create", (grain, token) => grain.CreateSnapshotAsync(command, token), cancellationToken);

    public Task<ImmutableArray<Snapshot>> ListSnapshotsAsync(CancellationToken cancellationToken) =>
        ReadAsync((grain, token) => grain.ListSnapshotsAsync(token), cancellationToken);

    public Task<bool> DeleteSnapshotAsync(DeleteSnapshotCommand command, CancellationToken cancellationToken) =>
        host.WriteAsync(key, "snapshot_delete", (grain, token) => grain.DeleteSnapshotAsync(command, token), cancellationToken);

    public Task<bool> EraseAsync(EraseCommand command, CancellationToken cancellationToken) =>
        host.WriteAsync(key, "erase", (grain, token) => grain.EraseAsync(command, token), cancellationToken);

    /// <summary>Acceptance needs no turn; what was accepted is then taken up, also when its caller has gone away.</summary>
    private Task<AcceptedOperation> AcceptAsync(Func<MemoryGrain, CancellationToken, Task<AcceptedOperation>> accept, CancellationToken cancellationToken) =>
        host.Telemetry.RecordAsync("inject_accept", key, async () =>
        {
            try
            {
                return await ReadAsync(accept, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                host.Operations.Wake(key);
            }
        });

    /// <summary>Reads need no turn: they work on what is immutable.</summary>
    private async Task<T> ReadAsync<T>(Func<MemoryGrain, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using EmbeddedGrainHost.Call call = host.Begin(key, cancellationToken);
        return await read(call.Grain, call.Token).ConfigureAwait(false);
    }
}
