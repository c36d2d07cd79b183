using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Transfer;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Memories;

/// <summary>
/// The only writer of one memory. Its host runs the writing verbs one at a time; reading verbs may run beside them, because they work on an
/// immutable version. Knows nothing of the host it runs in.
/// </summary>
internal sealed partial class MemoryGrain : IDisposable
{
    private readonly MemoryKey _key;
    private readonly GrainStore _store;
    private readonly IModelHost _model;
    private readonly InjectFlow _inject;
    private readonly BatchFlow _batch;
    private readonly OperationFlow _operations;
    private readonly QueryFlow _query;
    private readonly ReadAhead _readAhead;
    private MemoryTimeline? _timeline;

    public MemoryGrain(MemoryKey key, GrainStore store, IModelHost model, TimeProvider time, bool keepsText)
    {
        _key = key;
        _store = store;
        _model = model;
        _inject = new InjectFlow(store.Catalog, model, key.Tenant, time, keepsText);
        _batch = new BatchFlow(_inject);
        _operations = new OperationFlow(_inject);
        _query = new QueryFlow(store.Catalog, model, key.Tenant);
        _readAhead = new ReadAhead(store.Catalog, model, key.Tenant);
    }

    /// <summary>A writing verb.</summary>
    public async Task<WriteResult<MemorySummary>> CreateAsync(CreateMemoryCommand command, CancellationToken cancellationToken)
    {
        WriteOrigin origin = command.Origin.Signed(RequestDigests.Of(command));
        if (await FindCreationAsync(origin, WriteVerb.Create, cancellationToken).ConfigureAwait(false) is { } known) return known;
        ModelFingerprint fingerprint = _model.Describe().Fingerprint;
        await EnsureGenesisAsync(fingerprint, cancellationToken).ConfigureAwait(false);
        return Begin(await _store.Catalog.CreateAsync(_key, fingerprint, command.Metadata, origin, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>A writing verb of the new memory; the source is only read.</summary>
    public async Task<WriteResult<MemorySummary>> CreateForkAsync(ForkCommand command, CancellationToken cancellationToken)
    {
        WriteOrigin origin = command.Origin.Signed(RequestDigests.Of(command));
        if (await FindCreationAsync(origin, WriteVerb.Fork, cancellationToken).ConfigureAwait(false) is { } known) return known;
        if (_model.IsReady) await EnsureGenesisAsync(_model.Describe().Fingerprint, cancellationToken).ConfigureAwait(false); // The fork may lie in another shard than its source.
        return Begin(await _store.Catalog.ForkAsync(command.Source, command.At, _key, command.Metadata, origin, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>A writing verb. Of a repetition the archive is not read, so it is not compared either.</summary>
    public async Task<WriteResult<MemorySummary>> ImportAsync(ImportCommand command, Stream archive, CancellationToken cancellationToken)
    {
        WriteOrigin origin = command.Fork is { } fork ? command.Origin.Signed(RequestDigests.Of(fork)) : command.Origin;
        WriteVerb verb = command.Fork is null ? WriteVerb.Import : WriteVerb.Fork;
        if (await FindCreationAsync(origin, verb, cancellationToken).ConfigureAwait(false) is { } known) return known;
        var options = new ImportOptions
        {
            Passphrase = command.Passphrase,
            PrivateKey = command.PrivateKey,
            Origin = origin,
            IsFork = command.Fork is not null,
            ForkMetadata = command.Fork?.Metadata,
        };
        bool hasModel = _model.IsReady;
        if (hasModel) await EnsureGenesisAsync(_model.Describe().Fingerprint, cancellationToken).ConfigureAwait(false);
        try
        {
            MemorySummary imported = await _store.Importer.ImportAsync(archive, _key, options, progress: null, cancellationToken).ConfigureAwait(false);
            return new WriteResult<MemorySummary>(imported, IsReplay: false);
        }
        catch (LatentDbException error) when (error.Code == ErrorCode.ModelMismatch && !hasModel)
        {
            _ = _model.Describe(); // The model that is missing here may be the one that is not there yet: then that is the reason.
            throw;
        }
    }

    public async Task<bool> ExportAsync(ExportCommand command, Stream archive, CancellationToken cancellationToken)
    {
        var options = new ExportOptions { At = command.At, Passphrase = command.Passphrase, RecipientPublicKey = command.RecipientPublicKey };
        await _store.Exporter.ExportAsync(_key, options, archive, progress: null, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>A writing verb.</summary>
    public async Task<InjectResult> InjectAsync(InjectCommand command, CancellationToken cancellationToken)
    {
        MemoryTimeline timeline = await OpenToUseAsync(cancellationToken).ConfigureAwait(false);
        return await _inject.RunAsync(timeline, command, step: null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A writing verb.</summary>
    public async Task<InjectBatchResult> InjectBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken)
    {
        MemoryTimeline timeline = await OpenToUseAsync(cancellationToken).ConfigureAwait(false);
        return await _batch.RunAsync(timeline, command, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A writing verb: makes the oldest accepted write. True when another one waits.</summary>
    public async Task<bool> RunNextOperationAsync(CancellationToken cancellationToken)
    {
        MemoryTimeline timeline = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await _operations.RunNextAsync(timeline, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Needs no turn: the store takes it between two commits.</summary>
    public async Task<AcceptedOperation> AcceptAsync(InjectCommand command, CancellationToken cancellationToken) =>
        await OperationFlow.AcceptAsync(await OpenAsync(cancellationToken).ConfigureAwait(false), command, cancellationToken).ConfigureAwait(false);

    public async Task<AcceptedOperation> AcceptBatchAsync(InjectBatchCommand command, CancellationToken cancellationToken) =>
        await OperationFlow.AcceptAsync(await OpenAsync(cancellationToken).ConfigureAwait(false), command, cancellationToken).ConfigureAwait(false);

    public async Task<WriteOperation> GetOperationAsync(OperationUid operation, CancellationToken cancellationToken) =>
        _operations.Show((await OpenAsync(cancellationToken).ConfigureAwait(false)).Operations.Get(operation));

    public async Task<ImmutableArray<WriteOperation>> ListOperationsAsync(int limit, OperationUid? before, CancellationToken cancellationToken) =>
        [.. (await OpenAsync(cancellationToken).ConfigureAwait(false)).Operations.List(limit, before).Select(_operations.Show)];

    public async Task<WriteOperation> CancelOperationAsync(OperationUid operation, CancellationToken cancellationToken) =>
        await _operations.CancelAsync(await OpenAsync(cancellationToken).ConfigureAwait(false), operation, cancellationToken).ConfigureAwait(false);

    /// <summary>A writing verb.</summary>
    public async Task<WriteResult<MemoryVersion>> RollBackAsync(RollbackCommand command, CancellationToken cancellationToken)
    {
        MemoryTimeline timeline = await OpenToUseAsync(cancellationToken).ConfigureAwait(false);
        WriteOrigin origin = command.Origin.Signed(RequestDigests.Of(command));
        if (timeline.FindWrite(origin, WriteVerb.Rollback) is { } first)
        {
            MemoryVersion made = timeline.GetVersion(first.Version);
            if (first.Digest is null) Replay.RequireSameTarget(made, command.To, first.Key);
            return new WriteResult<MemoryVersion>(made, IsReplay: true);
        }

        VersionNumber head = timeline.Summary.Head.Number;
        Precondition.RequireHead(head, command.ExpectedHead);
        MemoryVersion version = await timeline.RollBackAsync(command.To, head, origin, cancellationToken).ConfigureAwait(false);
        return new WriteResult<MemoryVersion>(version, IsReplay: false);
    }

    /// <summary>A writing verb.</summary>
    public async Task<WriteResult<Snapshot>> CreateSnapshotAsync(SnapshotCommand command, CancellationToken cancellationToken)
    {
        MemoryTimeline timeline = await OpenAsync(cancellationToken).ConfigureAwait(false);
        WriteOrigin origin = command.Origin.Signed(RequestDigests.Of(command));
        if (timeline.FindWrite(origin, WriteVerb.CreateSnapshot) is { } first) return new WriteResult<Snapshot>(new Snapshot(command.Name, first.Version, first.At), IsReplay: true);
        Precondition.RequireHead(timeline.Summary.Head.Number, command.ExpectedHead);
        return new WriteResult<Snapshot>(await timeline.CreateSnapshotAsync(command.Name, command.At, origin, cancellationToken).ConfigureAwait(false), IsReplay: false);
    }

    /// <summary>A writing verb.</summary>
    public async Task<bool> DeleteSnapshotAsync(DeleteSnapshotCommand command, CancellationToken cancellationToken)
    {
        MemoryTimeline timeline = await OpenAsync(cancellationToken).ConfigureAwait(false);
        WriteOrigin origin = command.Origin.Signed(RequestDigests.Of(command));
        if (timeline.FindWrite(origin, WriteVerb.DeleteSnapshot) is not null) return true;
        await timeline.DeleteSnapshotAsync(command.Name, origin, cancellationToken).ConfigureAwait(false);
        return false;
    }

    /// <summary>A writing verb.</summary>
    public async Task<bool> EraseAsync(EraseCommand command, CancellationToken cancellationToken)
    {
        if (_store.Catalog.WasErased(_key, command.Origin)) return true;
        MemorySummary summary = (await OpenAsync(cancellationToken).ConfigureAwait(false)).Summary;
        Precondition.RequireHead(summary.Head.Number, command.ExpectedHead);
        try
        {
            return await _store.Catalog.EraseAsync(_key, command.Origin, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Also after a failure, which may have come when nothing could be taken back any more: rows that are still wanted are read again.
            _model.Forget(summary.Uid);
            Volatile.Write(ref _timeline, null);
        }
    }

    public async IAsyncEnumerable<QueryEvent> QueryAsync(QueryCommand command, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        MemoryTimeline timeline = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await foreach (QueryEvent step in _query.RunAsync(timeline, command, cancellationToken).ConfigureAwait(false)) yield return step;
    }

    public async Task<MemorySummary> DescribeAsync(CancellationToken cancellationToken) => (await OpenToUseAsync(cancellationToken).ConfigureAwait(false)).Summary;

    public async Task<ImmutableArray<MemoryVersion>> ListVersionsAsync(int limit, VersionNumber? before, CancellationToken cancellationToken) =>
        (await OpenAsync(cancellationToken).ConfigureAwait(false)).ListVersions(limit, before);

    public async Task<MemoryVersion> GetVersionAsync(VersionNumber number, CancellationToken cancellationToken) =>
        (await OpenAsync(cancellationToken).ConfigureAwait(false)).GetVersion(number);

    public async Task<MemoryVersion?> FindWriteAsync(string operationId, CancellationToken cancellationToken) =>
        (await OpenAsync(cancellationToken).ConfigureAwait(false)).FindOperation(operationId);

    public async Task<TextInput?> ReadTextAsync(VersionNumber number, CancellationToken cancellationToken)
    {
        MemoryTimeline timeline = await OpenAsync(cancellationToken).ConfigureAwait(false);
        string? kept = await timeline.ReadTextAsync(number, cancellationToken).ConfigureAwait(false);
        return kept is null ? null : InjectedTextFormat.Decode(kept);
    }

    public async Task<MemoryDiff> DiffAsync(VersionSelector from, VersionSelector to, CancellationToken cancellationToken)
    {
        MemoryTimeline timeline = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await DiffFlow.RunAsync(timeline, from, to, cancellationToken).ConfigureAwait(false);
    }

    public async Task<ImmutableArray<Snapshot>> ListSnapshotsAsync(CancellationToken cancellationToken) =>
        (await OpenAsync(cancellationToken).ConfigureAwait(false)).ListSnapshots();

    /// <summary>It is put away: what was to be read ahead for it need not be.</summary>
    public void Dispose() => _readAhead.Dispose();

    private Task<Manifest> EnsureGenesisAsync(ModelFingerprint fingerprint, CancellationToken cancellationToken) =>
        _store.Catalog.EnsureGenesisAsync(_key, fingerprint, _model.WriteGenesisAsync, cancellationToken);

    private WriteResult<MemorySummary> Begin(MemoryTimeline timeline)
    {
        Volatile.Write(ref _timeline, timeline);
        return new WriteResult<MemorySummary>(timeline.Summary, IsReplay: false);
    }

    /// <summary>The memory as it is now, when it was made under the same key.</summary>
    private async ValueTask<WriteResult<MemorySummary>?> FindCreationAsync(WriteOrigin origin, WriteVerb verb, CancellationToken cancellationToken)
    {
        if (origin.OperationId is null || !_store.Catalog.Exists(_key)) return null;
        MemoryTimeline timeline = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return timeline.FindWrite(origin, verb) is null ? null : new WriteResult<MemorySummary>(timeline.Summary, IsReplay: true);
    }

    /// <summary>As the other one, for calls after which queries are likely.</summary>
    private async ValueTask<MemoryTimeline> OpenToUseAsync(CancellationToken cancellationToken)
    {
        MemoryTimeline timeline = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await _readAhead.BeginAsync(timeline, cancellationToken).ConfigureAwait(false);
        return timeline;
    }

    /// <exception cref="LatentDbException">memory_not_found.</exception>
    private async ValueTask<MemoryTimeline> OpenAsync(CancellationToken cancellationToken)
    {
        MemoryTimeline? known = Volatile.Read(ref _timeline);
        if (known is { IsCurrent: true }) return known;
        MemoryTimeline opened = await _store.Catalog.OpenAsync(_key, cancellationToken).ConfigureAwait(false);

        // A memory may have been erased and made anew under this name while this call waited; what its writer has put here is the newer one.
        MemoryTimeline? now = Interlocked.CompareExchange(ref _timeline, opened, known);
        return now is null || ReferenceEquals(now, known) ? opened : now;
    }
}
