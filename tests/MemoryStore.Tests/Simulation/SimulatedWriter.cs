using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>The only writer of one memory: does random things to it and knows what must be there, or what may be there after a failure.</summary>
internal sealed class SimulatedWriter(TestModel model, MemoryKey key, int seed)
{
    private readonly Random _random = new(seed);
    private ExpectedMemory _known = ExpectedMemory.None;
    private ExpectedMemory? _maybe;
    private int _operations;

    public MemoryKey Key => key;

    /// <summary>Operations that the store acknowledged.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Another writer that knows the same; for many runs from one beginning.</summary>
    public SimulatedWriter Copy(int otherSeed) => new(model, key, otherSeed) { _known = _known, _operations = _operations };

    /// <summary>Finds out which of the two possible states the store is in, and that it is exactly that one.</summary>
    public async Task CheckAsync(MemoryCatalog catalog)
    {
        string? difference = await _known.DifferenceAsync(model, catalog, key);
        if (difference is not null && _maybe is not null)
        {
            string? other = await _maybe.DifferenceAsync(model, catalog, key);
            difference = other is null ? null : $"{difference}; after the unanswered operation: {other}";
            _known = _maybe;
        }

        if (difference is not null) throw new InvalidOperationException(difference);
        _maybe = null;
        _known = _known.Remembered(catalog, key);
    }

    /// <summary>Whether what was acknowledged can be read from a store that has refused a write: it shows nothing that it did not acknowledge.</summary>
    public async Task CheckKnownAsync(MemoryCatalog catalog)
    {
        if (await _known.DifferenceAsync(model, catalog, key) is string difference) throw new InvalidOperationException(difference);
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
    public Task StepAsync(MemoryCatalog catalog) => !_known.Exists ? CreateAsync(catalog) : _random.Next(20) switch
    {
        < 11 => InjectAsync(catalog),
        < 14 => RollBackAsync(catalog),
        < 17 => SnapshotAsync(catalog),
        < 19 => RemoveSnapshotAsync(catalog),
        _ => DeleteAsync(catalog),
    };

    public async Task CreateAsync(MemoryCatalog catalog)
    {
        Manifest genesis = await catalog.EnsureGenesisAsync(key, model.Fingerprint, model.WriteGenesisAsync, CancellationToken.None);
        _maybe = ExpectedMemory.None.With(new ExpectedVersion(VersionNumber.First, genesis, null));
        MemoryTimeline timeline = await catalog.CreateAsync(key, model.Fingerprint, null, CancellationToken.None);
        Acknowledge(timeline.Summary.Head);
    }

    public async Task InjectAsync(MemoryCatalog catalog)
    {
        MemoryTimeline timeline = catalog.Open(key);
        int content = _random.Next(1 << 30);
        string? operation = NextOperation();
        await using AppendTransaction transaction = timeline.BeginAppend();
        ManifestDelta delta = await model.StageAsync(transaction, content);
        VersionNumber head = _known.Head.Number;
        var version = new ExpectedVersion(head.Next(), delta.Apply(_known.Head.Content), operation);
        _maybe = _known.With(version) with { Seeds = _known.Seeds.Add(delta.Block, content) };
        var draft = new VersionDraft([delta], model.Fingerprint, (ulong)content, Tokens: 16, operation);
        Acknowledge(await timeline.AppendAsync(transaction, draft, head, CancellationToken.None));
    }

    public async Task RollBackAsync(MemoryCatalog catalog)
    {
        ExpectedVersion target = _known.Versions[_random.Next(_known.Versions.Count)];
        string? operation = NextOperation();
        VersionNumber head = _known.Head.Number;
        _maybe = _known.With(new ExpectedVersion(head.Next(), target.Content, operation));
        var selector = new VersionSelector.NumberSelector(target.Number);
        Acknowledge(await catalog.Open(key).RollBackAsync(selector, head, operation, CancellationToken.None));
    }

    public async Task SnapshotAsync(MemoryCatalog catalog)
    {
        string name = $"s{_operations++}";
        VersionNumber version = _known.Versions[_random.Next(_known.Versions.Count)].Number;
        _maybe = _known with { Snapshots = _known.Snapshots.Add(name, version.Value) };
        await catalog.Open(key).CreateSnapshotAsync(SnapshotName.Parse(name), new VersionSelector.NumberSelector(version), CancellationToken.None);
        Acknowledge();
    }

    public async Task RemoveSnapshotAsync(MemoryCatalog catalog)
    {
        if (_known.Snapshots.Count == 0) return;
        string name = _known.Snapshots.Keys.ElementAt(_random.Next(_known.Snapshots.Count));
        _maybe = _known with { Snapshots = _known.Snapshots.Remove(name) };
        await catalog.Open(key).DeleteSnapshotAsync(SnapshotName.Parse(name), CancellationToken.None);
        Acknowledge();
    }

    public async Task DeleteAsync(MemoryCatalog catalog)
    {
        _maybe = ExpectedMemory.None;
        await catalog.DeleteAsync(key, CancellationToken.None);
        Acknowledge();
    }

    private string? NextOperation() => _random.Next(2) == 0 ? null : $"op-{seed}-{_operations++}";

    private void Acknowledge(MemoryVersion? head = null)
    {
        _known = head is null ? _maybe! : _maybe!.Acknowledged(head);
        _maybe = null;
        Acknowledged++;
    }
}
