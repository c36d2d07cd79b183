using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Orleans;

/// <summary>A caller's handle to a grain of Orleans. Writes get a key where the caller gave none, so that one that is sent twice is made once.</summary>
/// <param name="grain">The reference; Orleans finds the silo.</param>
/// <param name="links">The same memory without Orleans, for archives.</param>
/// <param name="calls">Asks again while its shard changes hands.</param>
internal sealed class OrleansMemoryGrain(IMemoryGrain grain, IMemoryGrain links, OwnerCalls calls) : IMemoryGrain
{
    public Task<WriteResult<MemorySummary>> CreateAsync(CreateMemoryCommand command, CancellationToken cancellationToken)
    {
        CreateMemoryCommand keyed = command with { Origin = Keyed(command.Origin) };
        return calls.RunAsync(() => grain.CreateAsync(keyed, cancellationToken), cancellationToken);
    }

    public Task<WriteResult<MemorySummary>> CreateForkAsync(ForkCommand command, CancellationToken cancellationToken) =>
        links.CreateForkAsync(command, cancellationToken);

    public Task<WriteResult<MemorySummary>> ImportAsync(ImportCommand command, Stream archive, CancellationToken cancellationToken) =>
        links.ImportAsync(command, archive, cancellationToken);

    public Task ExportAsync(ExportCommand command, Stream archive, CancellationToken cancellationToken) =>
        links.ExportAsync(command, archive, cancellationToken);

    public Task<MemorySummary> DescribeAsync(CancellationToken cancellationToken) =>
        calls.RunAsync(() => grain.DescribeAsync(cancellationToken), cancellationToken);

    public Task<InjectResult> InjectAsync(InjectCommand command, CancellationToken cancellationToken)
    {
        InjectCommand keyed = command with { Origin = Keyed(command.Origin) };
        return calls.RunAsync(() => grain.InjectAsync(keyed, cancellationToken), cancellationToken);
    }

    public Task<InjectBatchResult> InjectBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken)
    {
        InjectBatchCommand keyed = command with { Origin = Keyed(command.Origin) };
        return calls.RunAsync(() => grain.InjectBatchAsync(keyed, cancellationToken), cancellationToken);
    }

    public Task<AcceptedOperation> AcceptAsync(InjectCommand command, CancellationToken cancellationToken)
    {
        InjectCommand keyed = command with { Origin = Keyed(command.Origin) };
        return calls.RunAsync(() => grain.AcceptAsync(keyed, cancellationToken), cancellationToken);
    }

    public Task<AcceptedOperation> AcceptBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken)
    {
        InjectBatchCommand keyed = command with { Origin = Keyed(command.Origin) };
        return calls.RunAsync(() => grain.AcceptBatchAsync(keyed, cancellationToken), cancellationToken);
    }

    public Task<WriteOperation> GetOperationAsync(OperationUid operation, CancellationToken cancellationToken) =>
        calls.RunAsync(() => grain.GetOperationAsync(operation, cancellationToken), cancellationToken);

    public Task<ImmutableArray<WriteOperation>> ListOperationsAsync(int limit, OperationUid? before, CancellationToken cancellationToken) =>
        calls.RunAsync(() => grain.ListOperationsAsync(limit, before, cancellationToken), cancellationToken);

    public Task<WriteOperation> CancelOperationAsync(OperationUid operation, CancellationToken cancellationToken) =>
        calls.RunAsync(() => grain.CancelOperationAsync(operation, cancellationToken), cancellationToken);

    /// <summary>Begun elsewhere when it was refused before its first step; later there is nothing that could go on with it.</summary>
    public async IAsyncEnumerable<QueryEvent> QueryAsync(QueryCommand command, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (IAsyncEnumerator<QueryEvent> steps, bool isMore) = await BeginAsync(command, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable end = steps.ConfigureAwait(false);
        while (isMore)
        {
            yield return steps.Current;
            isMore = await NextAsync(steps).ConfigureAwait(false);
        }
    }

    public Task<WriteResult<MemoryVersion>> RollBackAsync(RollbackCommand command, CancellationToken cancellationToken)
    {
        RollbackCommand keyed = command with { Origin = Keyed(command.Origin) };
        return calls.RunAsync(() => grain.RollBackAsync(keyed, cancellationToken), cancellationToken);
    }

    public Task<ImmutableArray<MemoryVersion>> ListVersionsAsync(int limit, VersionNumber? before, CancellationToken cancellationToken) =>
        calls.RunAsync(() => grain.ListVersionsAsync(limit, before, cancellationToken), cancellationToken);

    public Task<MemoryVersion> GetVersionAsync(VersionNumber number, CancellationToken cancellationToken) =>
        calls.RunAsync(() => grain.GetVersionAsync(number, cancellationToken), cancellationToken);

    public Task<MemoryVersion?> FindWriteAsync(string operationId, CancellationToken cancellationToken) =>
        calls.RunAsync(() => grain.FindWriteAsync(operationId, cancellationToken), cancellationToken);

    public Task<TextInput?> ReadTextAsync(VersionNumber number, CancellationToken cancellationToken) =>
        calls.RunAsync(() => grain.ReadTextAsync(number, cancellationToken), cancellationToken);

    public Task<MemoryDiff> DiffAsync(VersionSelector from, VersionSelector to, CancellationToken cancellationToken) =>
        calls.RunAsync(() => grain.DiffAsync(from, to, cancellationToken), cancellationToken);

    public Task<WriteResult<Snapshot>> CreateSnapshotAsync(SnapshotCommand command, CancellationToken cancellationToken)
    {
        SnapshotCommand keyed = command with { Origin = Keyed(command.Origin) };
        return calls.RunAsync(() => grain.CreateSnapshotAsync(keyed, cancellationToken), cancellationToken);
    }

    public Task<ImmutableArray<Snapshot>> ListSnapshotsAsync(CancellationToken cancellationToken) =>
        calls.RunAsync(() => grain.ListSnapshotsAsync(cancellationToken), cancellationToken);

    public Task<bool> DeleteSnapshotAsync(DeleteSnapshotCommand command, CancellationToken cancellationToken)
    {
        DeleteSnapshotCommand keyed = command with { Origin = Keyed(command.Origin) };
        return calls.RunAsync(() => grain.DeleteSnapshotAsync(keyed, cancellationToken), cancellationToken);
    }

    public Task<bool> EraseAsync(EraseCommand command, CancellationToken cancellationToken)
    {
        EraseCommand keyed = command with { Origin = Keyed(command.Origin) };
        return calls.RunAsync(() => grain.EraseAsync(keyed, cancellationToken), cancellationToken);
    }

    private static WriteOrigin Keyed(WriteOrigin origin) => origin.OperationId is null ? origin with { OperationId = $"call-{Guid.NewGuid():n}" } : origin;

    private async Task<(IAsyncEnumerator<QueryEvent> Steps, bool IsMore)> BeginAsync(QueryCommand command, CancellationToken cancellationToken)
    {
        OwnerCalls.Attempts attempts = calls.Begin();
        while (true)
        {
            IAsyncEnumerator<QueryEvent> steps = grain.QueryAsync(command, cancellationToken).GetAsyncEnumerator(cancellationToken);
            try
            {
                return (steps, await steps.MoveNextAsync().ConfigureAwait(false));
            }
            catch (Exception error) when (OwnerCalls.Refusal(error) is LatentDbException refusal)
            {
                await steps.DisposeAsync().ConfigureAwait(false);
                await attempts.WaitAsync(refusal, cancellationToken).ConfigureAwait(false);

                // A step of an answer comes without the filter that sends the grain away; this call has it, and throws what is wrong beside the owner.
                await calls.RunAsync(() => grain.DescribeAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<QueryEvent> steps)
    {
        try
        {
            return await steps.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (OwnerCalls.Refusal(error) is LatentDbException refusal)
        {
            throw new LatentDbException(ErrorCode.SiloUnreachable, "The silo that was answering is gone; ask again.", refusal) { RetryAfter = refusal.RetryAfter };
        }
    }
}
