using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Remote;

/// <summary>A memory's grain, wherever it runs: here, or at the silo that owns its shard.</summary>
internal sealed class ClusterMemoryGrain(MemoryKey key, ClusterGrainHost host) : IMemoryGrain
{
    public async Task<WriteResult<MemorySummary>> CreateAsync(CreateMemoryCommand command, CancellationToken cancellationToken)
    {
        CreateMemoryCommand keyed = command with { Origin = command.Origin.Keyed() };
        return (await RouteAsync((grain, token) => grain.CreateAsync(keyed, token), cancellationToken).ConfigureAwait(false)).For(command.Origin);
    }

    public async Task<WriteResult<MemorySummary>> CreateForkAsync(ForkCommand command, CancellationToken cancellationToken)
    {
        ForkCommand keyed = command with { Origin = command.Origin.Keyed() };
        WriteResult<MemorySummary> made = await host.Router.RunAsync(
            token => host.HaveOneOwner(key, command.Source) ? host.Find(key).CreateForkAsync(keyed, token) : host.ForkAcrossAsync(key, keyed, token),
            error => RouteRules.MayRepeat(error, isRepeatable: true),
            cancellationToken).ConfigureAwait(false);
        return made.For(command.Origin);
    }

    public async Task<WriteResult<MemorySummary>> ImportAsync(ImportCommand command, Stream archive, CancellationToken cancellationToken)
    {
        var watched = new WatchedStream(archive);
        return await host.Router.RunAsync(
            token => host.Find(key).ImportAsync(command, watched, token),
            error => !watched.IsTouched && RouteRules.MayRepeat(error, isRepeatable: false),
            cancellationToken).ConfigureAwait(false);
    }

    public async Task ExportAsync(ExportCommand command, Stream archive, CancellationToken cancellationToken)
    {
        var watched = new WatchedStream(archive);
        await host.Router.RunAsync(
            async token =>
            {
                await host.Find(key).ExportAsync(command, watched, token).ConfigureAwait(false);
                return true;
            },
            error => !watched.IsTouched && RouteRules.MayRepeat(error, isRepeatable: true),
            cancellationToken).ConfigureAwait(false);
    }

    public Task<MemorySummary> DescribeAsync(CancellationToken cancellationToken) => RouteAsync((grain, token) => grain.DescribeAsync(token), cancellationToken);

    public async Task<InjectResult> InjectAsync(InjectCommand command, CancellationToken cancellationToken)
    {
        InjectCommand keyed = command with { Origin = command.Origin.Keyed() };
        return (await RouteAsync((grain, token) => grain.InjectAsync(keyed, token), cancellationToken).ConfigureAwait(false)).For(command.Origin);
    }

    public async Task<InjectBatchResult> InjectBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken)
    {
        InjectBatchCommand keyed = command with { Origin = command.Origin.Keyed() };
        InjectBatchResult result = await RouteAsync((grain, token) => grain.InjectBatchAsync(keyed, token), cancellationToken).ConfigureAwait(false);
        return result with { Written = [.. result.Written.Select(written => written.For(command.Origin))] };
    }

    public async Task<AcceptedOperation> AcceptAsync(InjectCommand command, CancellationToken cancellationToken)
    {
        InjectCommand keyed = command with { Origin = command.Origin.Keyed() };
        AcceptedOperation accepted = await RouteAsync((grain, token) => grain.AcceptAsync(keyed, token), cancellationToken).ConfigureAwait(false);
        return accepted with { IsReplay = OwnKeys.IsReplay(command.Origin, accepted.IsReplay) };
    }

    public async Task<AcceptedOperation> AcceptBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken)
    {
        InjectBatchCommand keyed = command with { Origin = command.Origin.Keyed() };
        AcceptedOperation accepted = await RouteAsync((grain, token) => grain.AcceptBatchAsync(keyed, token), cancellationToken).ConfigureAwait(false);
        return accepted with { IsReplay = OwnKeys.IsReplay(command.Origin, accepted.IsReplay) };
    }

    public Task<WriteOperation> GetOperationAsync(OperationUid operation, CancellationToken cancellationToken) =>
        RouteAsync((grain, token) => grain.GetOperationAsync(operation, token), cancellationToken);

    public Task<ImmutableArray<WriteOperation>> ListOperationsAsync(int limit, OperationUid? before, CancellationToken cancellationToken) =>
        RouteAsync((grain, token) => grain.ListOperationsAsync(limit, before, token), cancellationToken);

    /// <summary>A second cancellation finds the first one done, and says the same.</summary>
    public Task<WriteOperation> CancelOperationAsync(OperationUid operation, CancellationToken cancellationToken) =>
        RouteAsync((grain, token) => grain.CancelOperationAsync(operation, token), cancellationToken);

    /// <summary>Asked elsewhere as long as nothing of the answer has been told; after that a broken link is silo_unreachable.</summary>
    public async IAsyncEnumerable<QueryEvent> QueryAsync(QueryCommand command, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerator<QueryEvent> events = await host.Router.RunAsync(
            _ => BeginAsync(host.Find(key).QueryAsync(command, cancellationToken), cancellationToken),
            error => RouteRules.MayRepeat(error, isRepeatable: true),
            cancellationToken).ConfigureAwait(false);
        await using (events.ConfigureAwait(false))
        {
            do yield return events.Current;
            while (await events.MoveNextAsync().ConfigureAwait(false));
        }
    }

    public async Task<WriteResult<MemoryVersion>> RollBackAsync(RollbackCommand command, CancellationToken cancellationToken)
    {
        RollbackCommand keyed = command with { Origin = command.Origin.Keyed() };
        return (await RouteAsync((grain, token) => grain.RollBackAsync(keyed, token), cancellationToken).ConfigureAwait(false)).For(command.Origin);
    }

    public Task<ImmutableArray<MemoryVersion>> ListVersionsAsync(int limit, VersionNumber? before, CancellationToken cancellationToken) =>
        RouteAsync((grain, token) => grain.ListVersionsAsync(limit, before, token), cancellationToken);

    public Task<MemoryVersion> GetVersionAsync(VersionNumber number, CancellationToken cancellationToken) =>
        RouteAsync((grain, token) => grain.GetVersionAsync(number, token), cancellationToken);

    public Task<MemoryVersion?> FindWriteAsync(string operationId, CancellationToken cancellationToken) =>
        RouteAsync((grain, token) => grain.FindWriteAsync(operationId, token), cancellationToken);

    public Task<TextInput?> ReadTextAsync(VersionNumber number, CancellationToken cancellationToken) =>
        RouteAsync((grain, token) => grain.ReadTextAsync(number, token), cancellationToken);

    public Task<MemoryDiff> DiffAsync(VersionSelector from, VersionSelector to, CancellationToken cancellationToken) =>
        RouteAsync((grain, token) => grain.DiffAsync(from, to, token), cancellationToken);

    public async Task<WriteResult<Snapshot>> CreateSnapshotAsync(SnapshotCommand command, CancellationToken cancellationToken)
    {
        SnapshotCommand keyed = command with { Origin = command.Origin.Keyed() };
        return (await RouteAsync((grain, token) => grain.CreateSnapshotAsync(keyed, token), cancellationToken).ConfigureAwait(false)).For(command.Origin);
    }

    public Task<ImmutableArray<Snapshot>> ListSnapshotsAsync(CancellationToken cancellationToken) =>
        RouteAsync((grain, token) => grain.ListSnapshotsAsync(token), cancellationToken);

    public async Task<bool> DeleteSnapshotAsync(DeleteSnapshotCommand command, CancellationToken cancellationToken)
    {
        DeleteSnapshotCommand keyed = command with { Origin = command.Origin.Keyed() };
        return OwnKeys.IsReplay(command.Origin, await RouteAsync((grain, token) => grain.DeleteSnapshotAsync(keyed, token), cancellationToken).ConfigureAwait(false));
    }

    public async Task<bool> EraseAsync(EraseCommand command, CancellationToken cancellationToken)
    {
        EraseCommand keyed = command with { Origin = command.Origin.Keyed() };
        return OwnKeys.IsReplay(command.Origin, await RouteAsync((grain, token) => grain.EraseAsync(keyed, token), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Reads, and writes under a key: what may have been done may be asked for again.</summary>
    private Task<T> RouteAsync<T>(Func<IMemoryGrain, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        host.Router.RunAsync(token => call(host.Find(key), token), static error => RouteRules.MayRepeat(error, isRepeatable: true), cancellationToken);

    private static async Task<IAsyncEnumerator<QueryEvent>> BeginAsync(IAsyncEnumerable<QueryEvent> answer, CancellationToken cancellationToken)
    {
        IAsyncEnumerator<QueryEvent> events = answer.GetAsyncEnumerator(cancellationToken);
        try
        {
            if (await events.MoveNextAsync().ConfigureAwait(false)) return events;
            throw new LatentDbException(ErrorCode.Internal, "An answer ended before it began.");
        }
        catch
        {
            await events.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
