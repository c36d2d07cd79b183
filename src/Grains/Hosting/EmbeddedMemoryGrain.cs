using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using LatentDb.Grains.Contracts;
using LatentDb.Grains.Memories;
using LatentDb.Grains.Telemetry;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Hosting;

/// <summary>A caller's handle to a grain of this process: activates it, gives writes their turns, lets reads through.</summary>
internal sealed class EmbeddedMemoryGrain(MemoryKey key, EmbeddedGrainHost host) : IMemoryGrain
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

    /// <summary>Reads need no turn: they work on what is immutable.</summary>
    private async Task<T> ReadAsync<T>(Func<MemoryGrain, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using EmbeddedGrainHost.Call call = host.Begin(key, cancellationToken);
        return await read(call.Grain, call.Token).ConfigureAwait(false);
    }
}
