using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using LatentDb.Grains.Contracts;
using LatentDb.Grains.Memories;
using LatentDb.Grains.Telemetry;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Hosting;

/// <summary>A caller's handle to a grain of this process: activates it, gives writes their turns, lets reads through.</summary>
internal sealed class EmbeddedMemoryGrain(MemoryKey key, EmbeddedGrainHost host) : IMemoryGrain
{
    public Task<MemorySummary> CreateAsync(CreateMemoryCommand command, CancellationToken cancellationToken) =>
        host.WriteAsync(key, "create", (grain, token) => grain.CreateAsync(command, token), cancellationToken);

    public Task<MemorySummary> DescribeAsync(CancellationToken cancellationToken) => ReadAsync(grain => grain.Describe(), cancellationToken);

    public Task<InjectResult> InjectAsync(InjectCommand command, CancellationToken cancellationToken) =>
        host.WriteAsync(key, "inject", (grain, token) => grain.InjectAsync(command, token), cancellationToken);

    public async IAsyncEnumerable<QueryEvent> QueryAsync(QueryCommand command, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using GrainTelemetry.CallRecord record = host.Telemetry.Begin("query");
        using EmbeddedGrainHost.Call call = host.Begin(key, cancellationToken);
        await foreach (QueryEvent step in call.Grain.QueryAsync(command, call.Token).ConfigureAwait(false)) yield return step;
        record.Outcome = GrainTelemetry.CallRecord.Ok;
    }

    public Task<MemoryVersion> RollBackAsync(RollbackCommand command, CancellationToken cancellationToken) =>
        host.WriteAsync(key, "rollback", (grain, token) => grain.RollBackAsync(command, token), cancellationToken);

    public Task<ImmutableArray<MemoryVersion>> ListVersionsAsync(int limit, VersionNumber? before, CancellationToken cancellationToken) =>
        ReadAsync(grain => grain.ListVersions(limit, before), cancellationToken);

    public Task<MemoryVersion> GetVersionAsync(VersionNumber number, CancellationToken cancellationToken) =>
        ReadAsync(grain => grain.GetVersion(number), cancellationToken);

    public Task<Snapshot> CreateSnapshotAsync(SnapshotCommand command, CancellationToken cancellationToken) =>
        host.WriteAsync(key, "snapshot_create", (grain, token) => grain.CreateSnapshotAsync(command, token), cancellationToken);

    public Task<ImmutableArray<Snapshot>> ListSnapshotsAsync(CancellationToken cancellationToken) => ReadAsync(grain => grain.ListSnapshots(), cancellationToken);

    public Task DeleteSnapshotAsync(SnapshotName name, CancellationToken cancellationToken) => host.WriteAsync(
        key,
        "snapshot_delete",
        async (grain, token) =>
        {
            await grain.DeleteSnapshotAsync(name, token).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    public Task EraseAsync(CancellationToken cancellationToken) => host.WriteAsync(
        key,
        "erase",
        async (grain, token) =>
        {
            await grain.EraseAsync(token).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>Metadata reads are answered from memory, so they need no turn and no thread of their own.</summary>
    private Task<T> ReadAsync<T>(Func<MemoryGrain, T> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using EmbeddedGrainHost.Call call = host.Begin(key, cancellationToken);
        return Task.FromResult(read(call.Grain));
    }
}
