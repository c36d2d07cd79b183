using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Crash;

/// <summary>
/// One writer of the child with memories of its own: one that stays, and forks that come and go under names that are never used again. What it
/// prints is the protocol that <see cref="Acknowledgements"/> reads.
/// </summary>
internal sealed class CrashWriter(MemoryCatalog catalog, int writer, int seed, Action<string> print)
{
    private const int MaxForks = 4;

    private readonly Random _random = new((seed * Program.Writers) + writer);
    private readonly List<string> _memories = [];
    private int _step;

    private string Main => $"m{writer}";

    /// <summary>Works until the process dies.</summary>
    /// <param name="open">"memory:operation" of injects that were tried before and not answered, of all writers.</param>
    public async Task RunAsync(string[] open)
    {
        await FindMemoriesAsync();
        foreach (string[] tried in open.Select(o => o.Split(':')).Where(o => _memories.Contains(o[0]))) await InjectAsync(tried[0], tried[1]);
        while (true)
        {
            try
            {
                await StepAsync(_memories[_random.Next(_memories.Count)], $"{seed}-{writer}-{_step++}");
            }
            catch (LatentDbException error) when (error.Code == ErrorCode.VersionExpired)
            {
                // Compaction dropped what the step had chosen.
            }
        }
    }

    private Task StepAsync(string memory, string operation) => _random.Next(20) switch
    {
        < 10 => InjectAsync(memory, operation),
        < 13 => RollBackAsync(memory, operation),
        < 15 => SnapshotAsync(memory, $"s{operation}"),
        < 16 => DropSnapshotAsync(memory),
        < 18 when _memories.Count <= MaxForks => ForkAsync(memory, $"f{writer}-{operation}"),
        _ => EraseAsync(memory),
    };

    private async Task FindMemoriesAsync()
    {
        foreach (MemorySummary summary in await catalog.ListAsync(TenantId.Default, 1000, null, CancellationToken.None))
        {
            string name = summary.Key.Memory.Value;
            if (name == Main || name.StartsWith($"f{writer}-", StringComparison.Ordinal)) _memories.Add(name);
        }

        if (_memories.Contains(Main)) return;
        MemoryKey key = Program.Key(Main);
        await catalog.EnsureGenesisAsync(key, CrashModel.Fingerprint, CrashModel.WriteGenesisAsync, CancellationToken.None);
        await catalog.CreateAsync(key, CrashModel.Fingerprint, null, WriteOrigin.None, CancellationToken.None);
        _memories.Add(Main);
    }

    /// <summary>Sent once, twice or three times under one key: each answer must be the same version.</summary>
    private async Task InjectAsync(string memory, string operation)
    {
        print($"TRY INJECT {memory} {operation}");
        MemoryTimeline timeline = await OpenAsync(memory);
        MemoryVersion? version = null;
        for (int times = _random.Next(1, 4); times > 0; times--)
        {
            MemoryVersion answer = await AppendAsync(timeline, operation);
            if (version is not null && answer.Number != version.Number) print($"WRONG {operation} was version {version.Number} and is {answer.Number}");
            version = answer;
        }

        await AcknowledgeAsync(timeline, memory, operation, version!);
    }

    private static async Task<MemoryVersion> AppendAsync(MemoryTimeline timeline, string operation)
    {
        await using AppendTransaction transaction = timeline.BeginAppend();
        int content = CrashModel.SeedOf(operation);
        var draft = new VersionDraft(await CrashModel.StageAsync(transaction, content), CrashModel.Fingerprint, (ulong)content, 16, operation);
        return await timeline.AppendAsync(transaction, draft, timeline.Summary.Head.Number, CancellationToken.None);
    }

    private async Task RollBackAsync(string memory, string operation)
    {
        print($"TRY ROLLBACK {memory} {operation}");
        MemoryTimeline timeline = await OpenAsync(memory);
        VersionNumber head = timeline.Summary.Head.Number;
        await AcknowledgeAsync(timeline, memory, operation, await timeline.RollBackAsync(AnyVersion(timeline), head, new WriteOrigin(operation, null), CancellationToken.None));
    }

    private async Task SnapshotAsync(string memory, string name)
    {
        MemoryTimeline timeline = await OpenAsync(memory);
        Snapshot snapshot = await timeline.CreateSnapshotAsync(SnapshotName.Parse(name), AnyVersion(timeline), CancellationToken.None);
        print($"SNAPSHOT {memory} {name} {snapshot.Version}");
    }

    private async Task DropSnapshotAsync(string memory)
    {
        MemoryTimeline timeline = await OpenAsync(memory);
        if (timeline.ListSnapshots() is not [Snapshot first, ..]) return;
        print($"TRY DROP {memory} {first.Name}");
        await timeline.DeleteSnapshotAsync(first.Name, CancellationToken.None);
        print($"DROPPED {memory} {first.Name}");
    }

    private async Task ForkAsync(string memory, string name)
    {
        MemoryTimeline source = await OpenAsync(memory);
        print($"TRY FORK {name}");
        MemoryTimeline fork = await catalog.ForkAsync(Program.Key(memory), AnyVersion(source), Program.Key(name), null, new WriteOrigin(name, null), CancellationToken.None);
        await AcknowledgeAsync(fork, name, name, fork.Summary.Head);
        _memories.Add(name);
    }

    /// <summary>A memory that others were forked from goes as well as any other; only the one that stays does not.</summary>
    private async Task EraseAsync(string memory)
    {
        if (memory == Main) return;
        print($"TRY ERASE {memory}");
        _memories.Remove(memory);
        await catalog.EraseAsync(Program.Key(memory), CancellationToken.None);
        if (await ExistsAsync(memory)) print($"WRONG {memory} was erased and can be opened");
        print($"ERASED {memory}");
    }

    private async Task AcknowledgeAsync(MemoryTimeline timeline, string memory, string operation, MemoryVersion version)
    {
        VersionedManifest read = await timeline.ReadAsync(new VersionSelector.NumberSelector(version.Number), CancellationToken.None);
        print($"ACK {memory} {operation} {version.Number} {await CrashModel.HashAsync(catalog, read)}");
    }

    private async Task<bool> ExistsAsync(string memory)
    {
        try
        {
            await OpenAsync(memory);
            return true;
        }
        catch (LatentDbException error) when (error.Code == ErrorCode.MemoryNotFound)
        {
            return false;
        }
    }

    private Task<MemoryTimeline> OpenAsync(string memory) => catalog.OpenAsync(Program.Key(memory), CancellationToken.None);

    private VersionSelector.NumberSelector AnyVersion(MemoryTimeline timeline)
    {
        ImmutableArray<MemoryVersion> versions = timeline.ListVersions(1000, null);
        return new VersionSelector.NumberSelector(versions[_random.Next(versions.Length)].Number);
    }
}
