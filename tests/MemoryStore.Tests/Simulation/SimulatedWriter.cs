using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Deltas;
using LatentDb.MemoryStore.Versions.Operations;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>The only writer of one memory and of a fork of it: does random things and knows what must be there, or what may be there after a failure.</summary>
internal sealed class SimulatedWriter(TestModel model, string name, int seed)
{
    private readonly Random _random = new(seed);
    private ImmutableDictionary<MemoryKey, ExpectedMemory> _known =
        ImmutableDictionary<MemoryKey, ExpectedMemory>.Empty.Add(OpenStore.Key(name), ExpectedMemory.None).Add(OpenStore.Key($"{name}-fork"), ExpectedMemory.None);

    private (MemoryKey Key, ExpectedMemory Memory)? _maybe;
    private int _operations;

    private MemoryKey Main { get; } = OpenStore.Key(name);

    private MemoryKey Fork { get; } = OpenStore.Key($"{name}-fork");

    /// <summary>Operations that the store acknowledged.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Another writer that knows the same; for many runs from one beginning.</summary>
    public SimulatedWriter Copy(int otherSeed) => new(model, name, otherSeed) { _known = _known, _operations = _operations };

    /// <summary>The same for who takes over from one that may be in the middle of an operation.</summary>
    public SimulatedWriter Successor(int otherSeed)
    {
        SimulatedWriter successor = Copy(otherSeed);
        successor._maybe = _maybe;
        successor._operations += 1000;
        return successor;
    }

    /// <summary>Finds out which of the two possible states the store is in, and that it is exactly that one.</summary>
    public async Task CheckAsync(MemoryCatalog catalog)
    {
        if (_maybe is (MemoryKey key, ExpectedMemory after))
        {
            string? before = await _known[key].DifferenceAsync(model, catalog, key);
            string? other = before is null ? null : await after.DifferenceAsync(model, catalog, key);
            if (other is not null) throw new InvalidOperationException($"{before}; after the unanswered operation: {other}");
            if (before is not null) _known = _known.SetItem(key, after);
            _maybe = null;
        }

        await CheckKnownAsync(catalog);
        foreach ((MemoryKey one, ExpectedMemory memory) in _known) _known = _known.SetItem(one, await memory.RememberedAsync(catalog, one));
    }

    /// <summary>
    /// Whether what was acknowledged can be read from a store that has refused a write: it shows nothing that it did not acknowledge, except that a
    /// memory whose erasure has begun may be gone.
    /// </summary>
    public async Task CheckKnownAsync(MemoryCatalog catalog)
    {
        foreach ((MemoryKey key, ExpectedMemory memory) in _known)
        {
            bool isBeingErased = _maybe is (MemoryKey erased, { Exists: false }) && erased == key;
            if (isBeingErased && await ExpectedMemory.None.DifferenceAsync(model, catalog, key) is null) continue;
            if (await memory.DifferenceAsync(model, catalog, key) is string difference) throw new InvalidOperationException(difference);
        }
    }

    /// <summary>Writes until the store refuses.</summary>
    /// <returns>Why it refused.</returns>
    public async Task<LatentDbException?> WriteAsync(MemoryCatalog catalog, int operations)
    {
        try
        {
            for (int i = 0; i < operations && _maybe is null; i++) await StepAsync(catalog);
            return null;
        }
        catch (LatentDbException e)
        {
            return e;
        }
    }

    /// <summary>One random operation.</summary>
    public Task StepAsync(MemoryCatalog catalog)
    {
        if (!_known[Main].Exists) return CreateAsync(catalog);
        MemoryKey key = _known[Fork].Exists && _random.Next(3) == 0 ? Fork : Main;
        return _random.Next(20) switch
        {
            < 11 => InjectAsync(catalog, key),
            < 14 => RollBackAsync(catalog, key),
            < 16 => SnapshotAsync(catalog, key),
            < 17 => RemoveSnapshotAsync(catalog, key),
            < 19 when !_known[Fork].Exists => ForkAsync(catalog),
            _ => EraseAsync(catalog, key),
        };
    }

    public async Task CreateAsync(MemoryCatalog catalog)
    {
        Manifest genesis = await catalog.EnsureGenesisAsync(Main, model.Fingerprint, model.WriteGenesisAsync, CancellationToken.None);
        WriteOrigin origin = NextOrigin();
        Try(Main, ExpectedMemory.None.With(new ExpectedVersion(VersionNumber.First, genesis, origin.OperationId)));
        MemoryTimeline timeline = await catalog.CreateAsync(Main, model.Fingerprint, null, origin, CancellationToken.None);
        Acknowledge(timeline.Summary.Head);
    }

    public Task InjectAsync(MemoryCatalog catalog) => InjectAsync(catalog, Main);

    public Task RollBackAsync(MemoryCatalog catalog) => RollBackAsync(catalog, Main);

    public Task SnapshotAsync(MemoryCatalog catalog) => SnapshotAsync(catalog, Main);

    public Task RemoveSnapshotAsync(MemoryCatalog catalog) => RemoveSnapshotAsync(catalog, Main);

    public Task EraseAsync(MemoryCatalog catalog) => EraseAsync(catalog, Main);

    public Task EraseForkAsync(MemoryCatalog catalog) => EraseAsync(catalog, Fork);

    public async Task ForkAsync(MemoryCatalog catalog)
    {
        ExpectedVersion source = AnyVersion(Main);
        WriteOrigin origin = NextOrigin();
        Try(Fork, ExpectedMemory.None.With(new ExpectedVersion(VersionNumber.First, source.Content.WithoutUnusedBlocks(spare: 0), origin.OperationId)));
        MemoryTimeline fork = await catalog.ForkAsync(Main, At(source.Number), Fork, null, origin, CancellationToken.None);
        Acknowledge(fork.Summary.Head);
    }

    private async Task InjectAsync(MemoryCatalog catalog, MemoryKey key)
    {
        MemoryTimeline timeline = await catalog.OpenAsync(key, CancellationToken.None);
        int content = _random.Next(1 << 30);
        string? operation = NextOrigin().OperationId;
        string? text = _random.Next(2) == 0 ? null : new string('t', _random.Next(5000));
        OperationStep? step = _random.Next(3) == 0 ? await AcceptAsync(timeline) : null;
        await using AppendTransaction transaction = timeline.BeginAppend();
        ManifestDelta delta = await model.StageAsync(transaction, content);
        ExpectedVersion head = _known[key].Head;
        Manifest after = model.Delta(ExpectedVersion.BlockOf(content), content).Apply(head.Content);
        Try(key, _known[key].With(new ExpectedVersion(head.Number.Next(), after, operation, text)));
        var draft = new VersionDraft([delta], model.Fingerprint, (ulong)content, Tokens: 16, operation) { Text = text, Step = step };
        Acknowledge(await timeline.AppendAsync(transaction, draft, head.Number, CancellationToken.None));
    }

    /// <summary>Accepts an operation, or takes the one that waits, as a restarted process would; its version must end it in the same commit.</summary>
    private async Task<OperationStep> AcceptAsync(MemoryTimeline timeline)
    {
        WriteOperation? waiting = timeline.Operations.Next();
        if (waiting is null)
        {
            string text = new('o', 1 + _random.Next(3000));
            waiting = (await timeline.Operations.AcceptAsync(new OperationDraft([new OperationItem(text, null, null)], false, null, WriteOrigin.None), CancellationToken.None)).Operation;
        }

        OperationDraft draft = await timeline.Operations.ReadAsync(waiting.Uid, CancellationToken.None) ?? throw new InvalidOperationException($"Operation {waiting.Uid} waits without its text.");
        if (draft.Items[0].Text.Trim('o').Length > 0) throw new InvalidOperationException($"Operation {waiting.Uid} has another text.");
        return new OperationStep(waiting.Uid, 0);
    }

    private async Task RollBackAsync(MemoryCatalog catalog, MemoryKey key)
    {
        ExpectedVersion target = AnyVersion(key);
        WriteOrigin origin = NextOrigin();
        VersionNumber head = _known[key].Head.Number;
        MemoryTimeline timeline = await catalog.OpenAsync(key, CancellationToken.None);
        Try(key, _known[key].With(new ExpectedVersion(head.Next(), target.Content, origin.OperationId)));
        Acknowledge(await timeline.RollBackAsync(At(target.Number), head, origin, CancellationToken.None));
    }

    private async Task SnapshotAsync(MemoryCatalog catalog, MemoryKey key)
    {
        string snapshot = $"s{_operations++}";
        VersionNumber version = AnyVersion(key).Number;
        MemoryTimeline timeline = await catalog.OpenAsync(key, CancellationToken.None);
        Try(key, _known[key] with { Snapshots = _known[key].Snapshots.Add(snapshot, version.Value) });
        await timeline.CreateSnapshotAsync(SnapshotName.Parse(snapshot), At(version), NextOrigin(), CancellationToken.None);
        Acknowledge();
    }

    private async Task RemoveSnapshotAsync(MemoryCatalog catalog, MemoryKey key)
    {
        if (_known[key].Snapshots.IsEmpty) return;
        string snapshot = _known[key].Snapshots.Keys.ElementAt(_random.Next(_known[key].Snapshots.Count));
        MemoryTimeline timeline = await catalog.OpenAsync(key, CancellationToken.None);
        Try(key, _known[key] with { Snapshots = _known[key].Snapshots.Remove(snapshot) });
        await timeline.DeleteSnapshotAsync(SnapshotName.Parse(snapshot), NextOrigin(), CancellationToken.None);
        Acknowledge();
    }

    private async Task EraseAsync(MemoryCatalog catalog, MemoryKey key)
    {
        Try(key, ExpectedMemory.None);
        await catalog.EraseAsync(key, NextOrigin(), CancellationToken.None);
        Acknowledge();
    }

    private ExpectedVersion AnyVersion(MemoryKey key) => _known[key].Versions[_random.Next(_known[key].Versions.Count)];

    private WriteOrigin NextOrigin() => _random.Next(2) == 0 ? WriteOrigin.None : new WriteOrigin($"op-{seed}-{_operations++}", null);

    private static VersionSelector.NumberSelector At(VersionNumber version) => new(version);

    private void Try(MemoryKey key, ExpectedMemory memory) => _maybe = (key, memory);

    private void Acknowledge(MemoryVersion? head = null)
    {
        (MemoryKey key, ExpectedMemory memory) = _maybe!.Value;
        _known = _known.SetItem(key, head is null ? memory : memory.Acknowledged(head));
        _maybe = null;
        Acknowledged++;
    }
}
