using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Retention;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.MemoryStore.Tests.Models;

/// <summary>A store and its model side by side: each operation is done to both, and afterwards every readable point of the store is the model's.</summary>
internal sealed class StoreAgainstModel : IAsyncDisposable
{
    private const int Layers = 2;

    /// <summary>A few injects fill a segment, so that compaction has some to delete.</summary>
    private static readonly LogGeometry Small = new(64 << 10, 256 << 10, 128 << 10);

    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly TestModel _model = new(Layers);
    private readonly ShardSettings _settings;
    private readonly SortedDictionary<int, ModelMemory> _memories = [];
    private readonly int _shards;
    private OpenStore? _store;

    private StoreAgainstModel(ShardSettings settings, int shards)
    {
        _settings = settings with { Time = _time, BlockGeometry = Small, ManifestGeometry = Small };
        _shards = shards;
    }

    private OpenStore Store => _store ?? throw new InvalidOperationException("The store is not open.");

    /// <summary>Runs a sequence on a new store, comparing after each step and once more after a last opening.</summary>
    public static async Task RunAsync(StoreOperation[] sequence, ShardSettings settings, int shards)
    {
        await using var run = new StoreAgainstModel(settings, shards);
        await run.OpenAsync();
        foreach (StoreOperation operation in sequence)
        {
            await run.ApplyAsync(operation);
            await run.CompareAsync();
        }

        await run.ApplyAsync(new StoreOperation.Reopen());
        await run.CompareAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null) await _store.DisposeAsync();
        _folder.Dispose();
    }

    private Task ApplyAsync(StoreOperation operation) => operation switch
    {
        StoreOperation.Create create => CreateAsync(create.Memory),
        StoreOperation.Erase erase => EraseAsync(erase.Memory),
        StoreOperation.Fork fork => ForkAsync(fork),
        StoreOperation.Inject inject => InjectAsync(inject),
        StoreOperation.RollBack rollBack => RollBackAsync(rollBack),
        StoreOperation.TakeSnapshot take => TakeSnapshotAsync(take),
        StoreOperation.DropSnapshot drop => DropSnapshotAsync(drop),
        StoreOperation.Compact compact => CompactAsync(compact.Keep),
        StoreOperation.MoveClock move => MoveClockAsync(move.Seconds),
        StoreOperation.Reopen => ReopenAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "Unknown operation."),
    };

    private async Task OpenAsync() => _store = await OpenStore.AtAsync(_folder.Path, _settings, _shards);

    private async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        _store = null;
        await OpenAsync();
    }

    /// <summary>The wall clock jumps; what measures how long the disk takes is not to see it.</summary>
    private Task MoveClockAsync(int seconds)
    {
        _time.Set(_time.GetUtcNow().AddSeconds(seconds));
        return Task.CompletedTask;
    }

    private async Task CreateAsync(int memory)
    {
        ErrorCode? refusal = _memories.ContainsKey(memory) ? ErrorCode.MemoryExists : null;
        await ExpectAsync(refusal, async () =>
        {
            MemoryTimeline timeline = await _model.CreateAsync(Store.Catalog, Key(memory), $"{{\"n\":{memory}}}");
            MemoryVersion first = timeline.Summary.Head;
            _memories.Add(memory, new ModelMemory(new ModelVersion(ModelContent.Genesis(_model, Layers), VersionCause.Create, 0, null, first.CommittedAt)));
        });
    }

    private async Task EraseAsync(int memory)
    {
        await ExpectAsync(MissingOr(memory, null), () => Store.Catalog.EraseAsync(Key(memory), CancellationToken.None));
        _memories.Remove(memory);
    }

    private async Task ForkAsync(StoreOperation.Fork fork)
    {
        ModelMemory? source = _memories.GetValueOrDefault(fork.Memory);
        int number = source?.Number(fork.Version) ?? 1;
        ErrorCode? refusal = source?.RefusalOf(number) is ErrorCode unreadable ? unreadable : _memories.ContainsKey(fork.Target) ? ErrorCode.MemoryExists : null;
        await ExpectAsync(MissingOr(fork.Memory, refusal), async () =>
        {
            // Into another shard only the memory's own blocks are copied; the model's must be there.
            await Store.Catalog.EnsureGenesisAsync(Key(fork.Target), _model.Fingerprint, _model.WriteGenesisAsync, CancellationToken.None);
            MemoryTimeline timeline = await Store.Catalog.ForkAsync(
                Key(fork.Memory), Numbered(number), Key(fork.Target), null, new WriteOrigin(null, "forker"), CancellationToken.None);
            MemoryVersion first = timeline.Summary.Head;
            var version = new ModelVersion(source!.Versions[number - 1].Content, VersionCause.Fork, 0, null, first.CommittedAt)
            {
                ForkedFrom = new ForkSource(Key(fork.Memory), new VersionNumber(number)),
                Author = "forker",
            };
            _memories.Add(fork.Target, new ModelMemory(version));
        });
    }

    private async Task InjectAsync(StoreOperation.Inject inject)
    {
        string? operationId = Id(inject.Operation);
        ModelMemory? memory = _memories.GetValueOrDefault(inject.Memory);
        bool isKnown = operationId is not null && memory is not null && memory.Operations.ContainsKey(operationId);
        ErrorCode? refusal = inject.IsGivenUp ? null : isKnown ? memory!.RefusalOf(operationId!, VersionCause.Inject) : inject.IsStale ? ErrorCode.VersionConflict : null;
        await ExpectAsync(MissingOr(inject.Memory, refusal), async () =>
        {
            MemoryTimeline timeline = await TimelineAsync(inject.Memory);
            await using AppendTransaction transaction = timeline.BeginAppend();
            ModelContent content = memory!.Head.Content;
            var deltas = new List<ManifestDelta>();
            for (int chunk = 0; chunk < inject.Chunks; chunk++)
            {
                deltas.Add(await _model.StageAsync(transaction, inject.Seed + chunk));
                content = content.Write(_model, deltas[^1], inject.Seed + chunk);
            }

            if (inject.IsGivenUp) return;
            string? kept = inject.Seed % 2 == 0 ? $"Text {inject.Seed} with 😀." : null;
            string? metadata = inject.Seed % 3 == 0 ? $"{{\"seed\":{inject.Seed}}}" : null;
            var draft = new VersionDraft([.. deltas], _model.Fingerprint, (ulong)inject.Seed, 16, operationId) { Author = "injector", Text = kept, Metadata = metadata };
            MemoryVersion version = await timeline.AppendAsync(transaction, draft, ExpectedHead(memory, inject.IsStale), CancellationToken.None);
            Commit(memory, version, operationId, new ModelVersion(content, VersionCause.Inject, 0, operationId, version.CommittedAt) { Author = "injector", Kept = kept, Metadata = metadata });
        });
    }

    private async Task RollBackAsync(StoreOperation.RollBack rollBack)
    {
        string? operationId = Id(rollBack.Operation);
        ModelMemory? memory = _memories.GetValueOrDefault(rollBack.Memory);
        int target = memory?.Number(rollBack.Version) ?? 1;
        bool isKnown = operationId is not null && memory is not null && memory.Operations.ContainsKey(operationId);
        ErrorCode? refusal = isKnown ? memory!.RefusalOf(operationId!, VersionCause.Rollback) : memory?.RefusalOf(target) ?? (rollBack.IsStale ? ErrorCode.VersionConflict : null);
        await ExpectAsync(MissingOr(rollBack.Memory, refusal), async () =>
        {
            MemoryVersion version = await (await TimelineAsync(rollBack.Memory)).RollBackAsync(
                Numbered(target), ExpectedHead(memory!, rollBack.IsStale), new WriteOrigin(operationId, "roller"), CancellationToken.None);
            ModelContent content = memory!.Versions[Math.Min(target, memory.HeadNumber) - 1].Content; // A repetition may name what is not there.
            Commit(memory, version, operationId, new ModelVersion(content, VersionCause.Rollback, target, operationId, version.CommittedAt) { Author = "roller" });
        });
    }

    private async Task TakeSnapshotAsync(StoreOperation.TakeSnapshot take)
    {
        ModelMemory? memory = _memories.GetValueOrDefault(take.Memory);
        int number = memory?.Number(take.Version) ?? 1;
        ErrorCode? refusal = memory?.RefusalOf(number) is ErrorCode unreadable ? unreadable : memory?.Snapshots.ContainsKey(Name(take.Name)) == true ? ErrorCode.SnapshotExists : null;
        await ExpectAsync(MissingOr(take.Memory, refusal), async () =>
        {
            await (await TimelineAsync(take.Memory)).CreateSnapshotAsync(SnapshotName.Parse(Name(take.Name)), Numbered(number), CancellationToken.None);
            memory!.Snapshots.Add(Name(take.Name), number);
        });
    }

    private async Task DropSnapshotAsync(StoreOperation.DropSnapshot drop)
    {
        ModelMemory? memory = _memories.GetValueOrDefault(drop.Memory);
        ErrorCode? refusal = memory?.Snapshots.ContainsKey(Name(drop.Name)) == false ? ErrorCode.SnapshotNotFound : null;
        await ExpectAsync(MissingOr(drop.Memory, refusal), async () =>
        {
            await (await TimelineAsync(drop.Memory)).DeleteSnapshotAsync(SnapshotName.Parse(Name(drop.Name)), CancellationToken.None);
            memory!.Snapshots.Remove(Name(drop.Name));
        });
    }

    private async Task CompactAsync(int keep)
    {
        RetentionPolicy policy = keep == 0 ? RetentionPolicy.Forever : new RetentionPolicy(null, keep);
        using var compactor = new StoreCompactor(() => Store.Shards, _ => policy, _time, NullLogger.Instance);
        CompactionReport report = await compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None);
        Assert.Equal(0, report.SegmentsKept);
        if (keep == 0) return;
        foreach (ModelMemory memory in _memories.Values) memory.KeepNewest(keep);
    }

    /// <summary>A key that was answered before is answered the same again and changes nothing; anything else is the next version.</summary>
    private static void Commit(ModelMemory memory, MemoryVersion answer, string? operationId, ModelVersion version)
    {
        if (operationId is not null && memory.Operations.TryGetValue(operationId, out int known))
        {
            Assert.Equal(known, answer.Number.Value);
            return;
        }

        Assert.Equal(memory.HeadNumber + 1, answer.Number.Value);
        Assert.True(answer.CommittedAt > memory.Head.CommittedAt, "a version is not newer than the one before it");
        memory.Versions.Add(version);
        if (operationId is not null) memory.Operations.Add(operationId, memory.HeadNumber);
    }

    private async Task CompareAsync()
    {
        Assert.Equal(_memories.Keys.Select(m => Key(m).Memory.Value), (await Store.Catalog.ListAsync(TenantId.Parse("acme"), 100, null, CancellationToken.None)).Select(m => m.Key.Memory.Value));
        foreach ((int number, ModelMemory memory) in _memories) await ReadablePoints.CompareAsync(Store.Catalog, await TimelineAsync(number), memory);
    }

    private static async Task ExpectAsync(ErrorCode? refusal, Func<Task> act)
    {
        ErrorCode? refused = null;
        try
        {
            await act();
        }
        catch (LatentDbException error)
        {
            refused = error.Code;
        }

        Assert.Equal(refusal, refused);
    }

    private Task<MemoryTimeline> TimelineAsync(int memory) => Store.Catalog.OpenAsync(Key(memory), CancellationToken.None);

    private ErrorCode? MissingOr(int memory, ErrorCode? otherwise) => _memories.ContainsKey(memory) ? otherwise : ErrorCode.MemoryNotFound;

    private static VersionNumber ExpectedHead(ModelMemory memory, bool isStale) => new(memory.HeadNumber + (isStale ? 1 : 0));

    private static VersionSelector.NumberSelector Numbered(int number) => new(new VersionNumber(number));

    private static MemoryKey Key(int memory) => OpenStore.Key($"m{memory}");

    private static string Name(int name) => $"s{name}";

    private static string? Id(int operation) => operation == 0 ? null : $"op-{operation}";
}
