using System.Collections.Immutable;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Memories;

/// <summary>
/// The only writer of one memory. Its host runs the writing verbs one at a time; reading verbs may run beside them, because they work on an
/// immutable version. Knows nothing of the host it runs in.
/// </summary>
internal sealed partial class MemoryGrain
{
    private readonly MemoryKey _key;
    private readonly MemoryCatalog _catalog;
    private readonly IModelHost _model;
    private readonly InjectFlow _inject;
    private readonly QueryFlow _query;
    private MemoryTimeline? _timeline;

    public MemoryGrain(MemoryKey key, MemoryCatalog catalog, IModelHost model, TimeProvider time)
    {
        _key = key;
        _catalog = catalog;
        _model = model;
        _inject = new InjectFlow(catalog, model, time);
        _query = new QueryFlow(catalog, model);
    }

    /// <summary>A writing verb.</summary>
    public async Task<MemorySummary> CreateAsync(CreateMemoryCommand command, CancellationToken cancellationToken)
    {
        ModelFingerprint fingerprint = _model.Describe().Fingerprint;
        await _catalog.EnsureGenesisAsync(_key, fingerprint, _model.WriteGenesisAsync, cancellationToken).ConfigureAwait(false);
        MemoryTimeline timeline = await _catalog.CreateAsync(_key, fingerprint, command.Metadata, cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _timeline, timeline);
        return timeline.Summary;
    }

    /// <summary>A writing verb.</summary>
    public Task<InjectResult> InjectAsync(InjectCommand command, CancellationToken cancellationToken) => _inject.RunAsync(Open(), command, cancellationToken);

    /// <summary>A writing verb.</summary>
    public Task<MemoryVersion> RollBackAsync(RollbackCommand command, CancellationToken cancellationToken)
    {
        MemoryTimeline timeline = Open();
        if (command.OperationId is { } operation && timeline.FindOperation(operation) is { } first) return Task.FromResult(Replay.Require(first, VersionCause.Rollback, operation));
        VersionNumber head = timeline.Summary.Head.Number;
        Precondition.RequireHead(head, command.ExpectedHead);
        return timeline.RollBackAsync(command.To, head, command.OperationId, cancellationToken);
    }

    /// <summary>A writing verb.</summary>
    public Task<Snapshot> CreateSnapshotAsync(SnapshotCommand command, CancellationToken cancellationToken) =>
        Open().CreateSnapshotAsync(command.Name, command.At, cancellationToken);

    /// <summary>A writing verb.</summary>
    public Task DeleteSnapshotAsync(SnapshotName name, CancellationToken cancellationToken) => Open().DeleteSnapshotAsync(name, cancellationToken);

    /// <summary>A writing verb.</summary>
    public async Task EraseAsync(CancellationToken cancellationToken)
    {
        MemoryUid uid = Open().Summary.Uid;
        try
        {
            await _catalog.DeleteAsync(_key, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Also after a failure, which may have come when nothing could be taken back any more: rows that are still wanted are read again.
            _model.Forget(uid);
            Volatile.Write(ref _timeline, null);
        }
    }

    public IAsyncEnumerable<QueryEvent> QueryAsync(QueryCommand command, CancellationToken cancellationToken) => _query.RunAsync(Open(), command, cancellationToken);

    public MemorySummary Describe() => Open().Summary;

    public ImmutableArray<MemoryVersion> ListVersions(int limit, VersionNumber? before) => Open().ListVersions(limit, before);

    public MemoryVersion GetVersion(VersionNumber number) => Open().GetVersion(number);

    public ImmutableArray<Snapshot> ListSnapshots() => Open().ListSnapshots();

    /// <exception cref="LatentDbException">memory_not_found.</exception>
    private MemoryTimeline Open()
    {
        if (Volatile.Read(ref _timeline) is { } open) return open;
        MemoryTimeline timeline = _catalog.Open(_key);
        Volatile.Write(ref _timeline, timeline);
        return timeline;
    }
}
