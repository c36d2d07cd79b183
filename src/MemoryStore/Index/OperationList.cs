using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions.Operations;

namespace LatentDb.MemoryStore.Index;

/// <summary>The accepted writes of one memory in the order of their acceptance: all that are pending, and the newest that have ended. Not thread-safe.</summary>
internal sealed class OperationList
{
    private readonly List<OperationState> _states;

    public OperationList(ImmutableArray<OperationState> states) => _states = [.. states];

    public int Count => _states.Count;

    public int PendingCount { get; private set; }

    public ImmutableArray<OperationState> ToArray() => [.. _states];

    public OperationState? Find(OperationUid uid) => _states.FindLast(s => s.Operation.Uid == uid);

    /// <summary>The newest operation under an idempotency key.</summary>
    public WriteOperation? FindKey(string key) => _states.FindLast(s => s.Operation.Origin.OperationId == key)?.Operation;

    /// <summary>The one whose turn is next.</summary>
    public OperationState? FirstPending => PendingCount == 0 ? null : _states.Find(s => s.Operation.IsPending);

    /// <summary>Newest first, older than <paramref name="before"/>; none when that one is not known.</summary>
    public ImmutableArray<WriteOperation> List(int limit, OperationUid? before)
    {
        int end = before is OperationUid uid ? _states.FindIndex(s => s.Operation.Uid == uid) : _states.Count;
        var page = ImmutableArray.CreateBuilder<WriteOperation>();
        for (int i = end - 1; i >= 0 && page.Count < limit; i--) page.Add(_states[i].Operation);
        return page.ToImmutable();
    }

    /// <summary>Counts the pending ones; called once after loading.</summary>
    public OperationList Counted()
    {
        PendingCount = _states.Count(s => s.Operation.IsPending);
        return this;
    }

    /// <returns>The place that is not needed any more, if any: that of the operation before it moved, or the new one when it has ended meanwhile.</returns>
    public RecordLocation? Accept(OperationAcceptedRecord record, RecordLocation location, HybridTimestamp time)
    {
        int index = _states.FindLastIndex(s => s.Operation.Uid == record.Uid);
        if (record.IsMoved)
        {
            if (index < 0 || _states[index].Location is not RecordLocation from) return location;
            _states[index] = _states[index] with { Location = location };
            return from;
        }

        if (index >= 0) throw IndexDamage.Of($"operation {record.Uid} is accepted twice");
        ImmutableArray<VersionNumber?> versions = [.. record.Draft.Items.Select(_ => (VersionNumber?)null)];
        _states.Add(new OperationState(new WriteOperation(record.Uid, OperationStatus.Queued, time, record.Draft.IsBatch, versions, record.Draft.Origin), location));
        PendingCount++;
        return null;
    }

    /// <summary>An item has made its version; with the last one the operation has succeeded.</summary>
    /// <returns>The place that is not needed any more, if any.</returns>
    public RecordLocation? Advance(OperationStep step, VersionNumber version, HybridTimestamp time)
    {
        int index = _states.FindLastIndex(s => s.Operation.Uid == step.Operation);
        if (index < 0 || !_states[index].Operation.IsPending) throw IndexDamage.Of($"a version is of operation {step.Operation}, which is not pending");
        WriteOperation operation = _states[index].Operation;
        if (step.Item < 0 || step.Item >= operation.Versions.Length || operation.Versions[step.Item] is not null) throw IndexDamage.Of($"item {step.Item} of operation {step.Operation} is made twice");
        operation = operation with { Versions = operation.Versions.SetItem(step.Item, version) };
        if (operation.Versions.Any(v => v is null))
        {
            _states[index] = _states[index] with { Operation = operation };
            return null;
        }

        return End(index, operation with { Status = OperationStatus.Succeeded, EndedAt = time });
    }

    /// <returns>The place that is not needed any more, if any.</returns>
    public RecordLocation? End(OperationEndedRecord record, HybridTimestamp time)
    {
        int index = _states.FindLastIndex(s => s.Operation.Uid == record.Uid);
        if (index < 0 || !_states[index].Operation.IsPending) throw IndexDamage.Of($"operation {record.Uid} ends, but is not pending");
        return End(index, _states[index].Operation with { Status = record.Status, Versions = record.Versions, Failure = record.Failure, EndedAt = time });
    }

    private RecordLocation? End(int index, WriteOperation ended)
    {
        RecordLocation? from = _states[index].Location;
        _states[index] = new OperationState(ended, null);
        PendingCount--;
        if (_states.Count - PendingCount > StoreLimits.MaxKeptOperations) _states.RemoveAt(_states.FindIndex(s => !s.Operation.IsPending));
        return from;
    }
}
