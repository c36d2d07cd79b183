using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.ModelHost.Contracts;
using Orleans.Runtime;

namespace LatentDb.Grains.Orleans;

/// <summary>A memory's grain by a reference of Orleans, asked once. What goes wrong on the way is told as links tell it, so that one router serves both.</summary>
/// <param name="grain">The reference; Orleans finds the silo.</param>
/// <param name="links">The same memory without Orleans, for archives.</param>
internal sealed class OrleansMemoryGrain(IMemoryGrain grain, IMemoryGrain links) : IMemoryGrain
{
    /// <summary>Where the callers' trace travels. Orleans' own spans would name memories as their users do.</summary>
    public const string TraceParent = "latentdb.traceparent";

    public Task<WriteResult<MemorySummary>> CreateAsync(CreateMemoryCommand command, CancellationToken cancellationToken) => CallAsync(grain.CreateAsync, command, cancellationToken);

    public Task<WriteResult<MemorySummary>> CreateForkAsync(ForkCommand command, CancellationToken cancellationToken) => CallAsync(grain.CreateForkAsync, command, cancellationToken);

    public Task<WriteResult<MemorySummary>> ImportAsync(ImportCommand command, Stream archive, CancellationToken cancellationToken) =>
        links.ImportAsync(command, archive, cancellationToken);

    public Task ExportAsync(ExportCommand command, Stream archive, CancellationToken cancellationToken) => links.ExportAsync(command, archive, cancellationToken);

    public Task<MemorySummary> DescribeAsync(CancellationToken cancellationToken) => CallAsync(() => grain.DescribeAsync(cancellationToken));

    public Task<InjectResult> InjectAsync(InjectCommand command, CancellationToken cancellationToken) => CallAsync(grain.InjectAsync, command, cancellationToken);

    public Task<InjectBatchResult> InjectBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken) => CallAsync(grain.InjectBatchAsync, command, cancellationToken);

    public Task<AcceptedOperation> AcceptAsync(InjectCommand command, CancellationToken cancellationToken) => CallAsync(grain.AcceptAsync, command, cancellationToken);

    public Task<AcceptedOperation> AcceptBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken) => CallAsync(grain.AcceptBatchAsync, command, cancellationToken);

    public Task<WriteOperation> GetOperationAsync(OperationUid operation, CancellationToken cancellationToken) => CallAsync(grain.GetOperationAsync, operation, cancellationToken);

    public Task<ImmutableArray<WriteOperation>> ListOperationsAsync(int limit, OperationUid? before, CancellationToken cancellationToken) =>
        CallAsync(() => grain.ListOperationsAsync(limit, before, cancellationToken));

    public Task<WriteOperation> CancelOperationAsync(OperationUid operation, CancellationToken cancellationToken) => CallAsync(grain.CancelOperationAsync, operation, cancellationToken);

    public async IAsyncEnumerable<QueryEvent> QueryAsync(QueryCommand command, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SendTrace();
        IAsyncEnumerator<QueryEvent> steps = grain.QueryAsync(command, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (steps.ConfigureAwait(false))
        {
            while (await NextAsync(steps, cancellationToken).ConfigureAwait(false)) yield return steps.Current;
        }
    }

    public Task<WriteResult<MemoryVersion>> RollBackAsync(RollbackCommand command, CancellationToken cancellationToken) => CallAsync(grain.RollBackAsync, command, cancellationToken);

    public Task<ImmutableArray<MemoryVersion>> ListVersionsAsync(int limit, VersionNumber? before, CancellationToken cancellationToken) =>
        CallAsync(() => grain.ListVersionsAsync(limit, before, cancellationToken));

    public Task<MemoryVersion> GetVersionAsync(VersionNumber number, CancellationToken cancellationToken) => CallAsync(grain.GetVersionAsync, number, cancellationToken);

    public Task<MemoryVersion?> FindWriteAsync(string operationId, CancellationToken cancellationToken) => CallAsync(grain.FindWriteAsync, operationId, cancellationToken);

    public Task<TextInput?> ReadTextAsync(VersionNumber number, CancellationToken cancellationToken) => CallAsync(grain.ReadTextAsync, number, cancellationToken);

    public Task<MemoryDiff> DiffAsync(VersionSelector from, VersionSelector to, CancellationToken cancellationToken) => CallAsync(() => grain.DiffAsync(from, to, cancellationToken));

    public Task<WriteResult<Snapshot>> CreateSnapshotAsync(SnapshotCommand command, CancellationToken cancellationToken) => CallAsync(grain.CreateSnapshotAsync, command, cancellationToken);

    public Task<ImmutableArray<Snapshot>> ListSnapshotsAsync(CancellationToken cancellationToken) => CallAsync(() => grain.ListSnapshotsAsync(cancellationToken));

    public Task<bool> DeleteSnapshotAsync(DeleteSnapshotCommand command, CancellationToken cancellationToken) => CallAsync(grain.DeleteSnapshotAsync, command, cancellationToken);

    public Task<bool> EraseAsync(EraseCommand command, CancellationToken cancellationToken) => CallAsync(grain.EraseAsync, command, cancellationToken);

    private static Task<TResult> CallAsync<TArgument, TResult>(Func<TArgument, CancellationToken, Task<TResult>> verb, TArgument argument, CancellationToken cancellationToken) =>
        CallAsync(() => verb(argument, cancellationToken));

    private static async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        SendTrace();
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception error) when (CallFailures.IsUnclear(error))
        {
            throw CallFailures.Broken(error);
        }
    }

    private static void SendTrace()
    {
        if (Activity.Current?.Id is { } id) RequestContext.Set(TraceParent, id);
    }

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<QueryEvent> steps, CancellationToken cancellationToken)
    {
        try
        {
            return await steps.MoveNextAsync().ConfigureAwait(false);
        }
        catch (LatentDbException error) when (error.Code == ErrorCode.NotOwner)
        {
            // A step of an answer comes without the filter that sends a grain to its owner; this call has it, and is refused for the same reason.
            await ((Task)grain.DescribeAsync(cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        catch (Exception error) when (CallFailures.IsUnclear(error))
        {
            throw CallFailures.Broken(error);
        }
    }
}
