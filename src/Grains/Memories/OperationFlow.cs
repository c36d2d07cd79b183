using System.Collections.Immutable;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;

namespace LatentDb.Grains.Memories;

/// <summary>Accepts writes to be made later, and makes them. What a version commit or an end record has stored is never made again.</summary>
internal sealed class OperationFlow(InjectFlow inject)
{
    private readonly Lock _lock = new();
    private OperationUid? _running;

    public static Task<AcceptedOperation> AcceptAsync(MemoryTimeline timeline, InjectCommand command, CancellationToken cancellationToken)
    {
        Precondition.RequireHead(timeline.Summary.Head.Number, command.ExpectedHead);
        ImmutableArray<OperationItem> items = [new OperationItem(InjectedTextFormat.Encode(command.Text), command.Seed, command.Metadata)];
        var draft = new OperationDraft(items, IsBatch: false, command.ExpectedHead, command.Origin.Signed(RequestDigests.Of(command)));
        return timeline.Operations.AcceptAsync(draft, cancellationToken);
    }

    public static Task<AcceptedOperation> AcceptAsync(MemoryTimeline timeline, InjectBatchCommand command, CancellationToken cancellationToken)
    {
        Precondition.RequireHead(timeline.Summary.Head.Number, command.ExpectedHead);
        ImmutableArray<OperationItem> items = [.. command.Items.Select(i => new OperationItem(InjectedTextFormat.Encode(i.Text), i.Seed, i.Metadata))];
        var draft = new OperationDraft(items, IsBatch: true, command.ExpectedHead, command.Origin.Signed(RequestDigests.Of(command)));
        return timeline.Operations.AcceptAsync(draft, cancellationToken);
    }

    /// <summary>The operation as it stands, running included.</summary>
    public WriteOperation Show(WriteOperation stored)
    {
        lock (_lock) return stored.IsPending && _running == stored.Uid ? stored with { Status = OperationStatus.Running } : stored;
    }

    /// <exception cref="LatentDbException">operation_not_found, operation_not_cancellable.</exception>
    public async Task<WriteOperation> CancelAsync(MemoryTimeline timeline, OperationUid uid, CancellationToken cancellationToken)
    {
        WriteOperation operation = Show(timeline.Operations.Get(uid));
        if (operation.Status == OperationStatus.Queued) operation = await timeline.Operations.CancelAsync(uid, cancellationToken).ConfigureAwait(false);
        if (operation.Status == OperationStatus.Cancelled) return operation;
        string state = operation.Status == OperationStatus.Running ? "is running" : "has ended";
        throw new LatentDbException(ErrorCode.OperationNotCancellable, $"Operation {uid} {state}; what it has written can be rolled back.");
    }

    /// <summary>Makes the oldest pending operation. A writing verb.</summary>
    /// <returns>True when another one waits.</returns>
    /// <exception cref="LatentDbException">Whatever may pass: the operation stays pending, and is to be tried again.</exception>
    public async Task<bool> RunNextAsync(MemoryTimeline timeline, CancellationToken cancellationToken)
    {
        if (timeline.Operations.Next() is not { } operation) return false;
        lock (_lock) _running = operation.Uid;
        try
        {
            await RunAsync(timeline, operation, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock) _running = null;
        }

        return timeline.Operations.Next() is not null;
    }

    private async Task RunAsync(MemoryTimeline timeline, WriteOperation operation, CancellationToken cancellationToken)
    {
        int item = 0;
        try
        {
            if (await timeline.Operations.ReadAsync(operation.Uid, cancellationToken).ConfigureAwait(false) is not { } draft) return;
            ImmutableArray<VersionNumber?> versions = operation.Versions;
            for (; item < draft.Items.Length; item++)
            {
                if (versions[item] is not null) continue;
                InjectCommand command = CommandOf(draft, item, isFirst: versions.All(v => v is null));
                InjectResult result = await inject.RunAsync(timeline, command, new OperationStep(operation.Uid, item), cancellationToken).ConfigureAwait(false);
                versions = versions.SetItem(item, result.Version.Number);
            }

            // The version of the last item has ended it, unless some of its items had been made before under the same key.
            if (timeline.Operations.Get(operation.Uid).IsPending) await timeline.Operations.SucceedAsync(operation.Uid, versions, cancellationToken).ConfigureAwait(false);
        }
        catch (LatentDbException error) when (IsFinal(error.Code))
        {
            await timeline.Operations.FailAsync(operation.Uid, new OperationFailure(error.Code.Name, error.Message, item), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not (LatentDbException or OperationCanceledException))
        {
            // A defect: it would meet the same one again, and keep those behind it waiting. The cause goes to the log, not to the caller.
            var failure = new OperationFailure(ErrorCode.Internal.Name, "The server met a defect; its log holds the cause.", item);
            await timeline.Operations.FailAsync(operation.Uid, failure, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    private static InjectCommand CommandOf(OperationDraft draft, int item, bool isFirst)
    {
        OperationItem kept = draft.Items[item];
        WriteOrigin origin = draft.IsBatch && draft.Origin.Digest is { } digest ? RequestDigests.OfItem(draft.Origin, digest, item) : draft.Origin;
        return new InjectCommand(InjectedTextFormat.Decode(kept.Text), kept.Seed, isFirst ? draft.ExpectedHead : null, origin) { Metadata = kept.Metadata };
    }

    /// <summary>Trying again would end the same way. All else passes: the operation waits until it does.</summary>
    private static bool IsFinal(ErrorCode code) =>
        code != ErrorCode.MemoryNotFound && (code.Remedy is Remedy.FixRequest or Remedy.ReportBug || code == ErrorCode.DataDamaged);
}
