using System.Globalization;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Crash;

/// <summary>
/// What the children tried and what they acknowledged before they died, kept outside of the store, and the check that the store agrees: what was
/// acknowledged is there bit for bit and once, what was erased never comes back, and whatever else is there is whole.
/// </summary>
internal sealed class Acknowledgements
{
    /// <summary>A line without it was cut when the child died.</summary>
    public const string EndOfLine = " .";

    private readonly Dictionary<string, Acknowledged> _versions = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Memory, string Name), long> _snapshots = [];
    private readonly Dictionary<string, string> _openInjects = new(StringComparer.Ordinal);
    private readonly HashSet<string> _maybeErased = new(StringComparer.Ordinal);
    private readonly HashSet<string> _erased = new(StringComparer.Ordinal);
    private string? _wrong;

    /// <summary>Versions that were acknowledged, those of erased memories included.</summary>
    public int Count { get; private set; }

    public int Forks { get; private set; }

    public int Erased => _erased.Count;

    public long SegmentsDeleted { get; private set; }

    /// <summary>Acknowledged versions that retention had dropped when they were looked for.</summary>
    public int Dropped { get; private set; }

    /// <summary>"memory:operation" of the injects that were tried and not answered: the next child sends them again.</summary>
    public IEnumerable<string> OpenInjects => _openInjects.Select(o => $"{o.Value}:{o.Key}");

    /// <summary>Reads a line of the child; the last one may be cut, and then it counts for nothing.</summary>
    public void Note(string line)
    {
        if (!line.EndsWith(EndOfLine, StringComparison.Ordinal)) return;
        switch (line[..^EndOfLine.Length].Split(' '))
        {
            case ["TRY", "INJECT", string memory, string operation]:
                _openInjects[operation] = memory;
                break;
            case ["ACK", string memory, string operation, string number, { Length: 64 } hash]:
                _openInjects.Remove(operation);
                Count++;
                if (memory == operation) Forks++;
                _versions[operation] = new Acknowledged(memory, long.Parse(number, CultureInfo.InvariantCulture), hash);
                break;
            case ["SNAPSHOT", string memory, string name, string number]:
                _snapshots[(memory, name)] = long.Parse(number, CultureInfo.InvariantCulture);
                break;
            case ["TRY", "DROP", string memory, string name]:
                _snapshots.Remove((memory, name));
                break;
            case ["TRY", "ERASE", string memory]:
                _maybeErased.Add(memory);
                break;
            case ["ERASED", string memory]:
                Forget(memory);
                break;
            case ["COMPACTED", string segments]:
                SegmentsDeleted += long.Parse(segments, CultureInfo.InvariantCulture);
                break;
            case ["WRONG", ..]:
                _wrong ??= line;
                break;
        }
    }

    /// <summary>Opens the store and compares what was acknowledged since the last check, or everything.</summary>
    public async Task CheckAsync(string folder, string where, bool everything)
    {
        Assert.True(_wrong is null, $"{where}: {_wrong}");
        await using MemoryStoreService store = Program.Create(folder);
        await store.StartAsync(CancellationToken.None);
        var listed = (await store.Catalog.ListAsync(TenantId.Default, 1000, null, CancellationToken.None)).ToDictionary(m => m.Key.Memory.Value, StringComparer.Ordinal);
        Assert.True(!_erased.Overlaps(listed.Keys), $"{where}: erased memories came back: {string.Join(", ", _erased.Intersect(listed.Keys))}");
        foreach (string gone in _maybeErased.Where(m => !listed.ContainsKey(m)).ToList()) Forget(gone);

        foreach ((string name, MemorySummary memory) in listed)
        {
            // Whatever came through without an acknowledgement must be whole too: its blocks are there and verify.
            MemoryTimeline timeline = await store.Catalog.OpenAsync(memory.Key, CancellationToken.None);
            await HashAsync(store.Catalog, timeline, memory.Head.Number);
            CheckOperations(timeline, $"{where}: {name}");
            CheckSnapshots(timeline, name, where);
        }

        foreach ((string operation, Acknowledged expected) in _versions.Where(a => !a.Value.IsChecked || everything).ToList())
        {
            Assert.True(listed.ContainsKey(expected.Memory), $"{where}: memory {expected.Memory} was acknowledged and is gone");
            MemoryTimeline timeline = await store.Catalog.OpenAsync(Program.Key(expected.Memory), CancellationToken.None);
            await CheckVersionAsync(store.Catalog, timeline, operation, expected, where);
        }
    }

    private async Task CheckVersionAsync(MemoryCatalog catalog, MemoryTimeline timeline, string operation, Acknowledged expected, string where)
    {
        MemoryVersion? version = timeline.FindOperation(operation);
        if (version is null && MayBeDropped(timeline, expected))
        {
            _versions.Remove(operation);
            Dropped++;
            return;
        }

        Assert.True(version is not null, $"{where}: {operation} was acknowledged and is gone");
        Assert.Equal(expected.Number, version.Number.Value);
        Assert.True(expected.Hash == await HashAsync(catalog, timeline, version.Number), $"{where}: version {version.Number} of {operation} changed");
        expected.IsChecked = true;
    }

    private bool MayBeDropped(MemoryTimeline timeline, Acknowledged expected) =>
        expected.Number <= timeline.Summary.Head.Number.Value - Program.KeptVersions
        && !_snapshots.Any(s => s.Key.Memory == expected.Memory && s.Value == expected.Number);

    /// <summary>However often an operation was sent, and whoever died meanwhile, at most one version came of it.</summary>
    private static void CheckOperations(MemoryTimeline timeline, string where)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (MemoryVersion version in timeline.ListVersions(1000, null))
        {
            string? operation = version.OperationId;
            Assert.True(operation is null || seen.Add(operation), $"{where}: {operation} took effect twice");
        }
    }

    private void CheckSnapshots(MemoryTimeline timeline, string memory, string where)
    {
        var there = timeline.ListSnapshots().ToDictionary(s => s.Name.Value, s => s.Version.Value, StringComparer.Ordinal);
        foreach (((string _, string name), long number) in _snapshots.Where(s => s.Key.Memory == memory))
        {
            Assert.True(there.TryGetValue(name, out long found) && found == number, $"{where}: snapshot {name} of {memory} names version {found}, not {number}");
            timeline.GetVersion(new VersionNumber(number));
        }
    }

    /// <summary>Once gone, a memory is gone for good: whether its erase was answered or only seen to have happened.</summary>
    private void Forget(string memory)
    {
        _erased.Add(memory);
        _maybeErased.Remove(memory);
        foreach (string operation in _versions.Where(v => v.Value.Memory == memory).Select(v => v.Key).ToList()) _versions.Remove(operation);
        foreach ((string, string) snapshot in _snapshots.Keys.Where(s => s.Memory == memory).ToList()) _snapshots.Remove(snapshot);
        foreach (string operation in _openInjects.Where(o => o.Value == memory).Select(o => o.Key).ToList()) _openInjects.Remove(operation);
    }

    private static async Task<string> HashAsync(MemoryCatalog catalog, MemoryTimeline timeline, VersionNumber number) =>
        await CrashModel.HashAsync(catalog, await timeline.ReadAsync(new VersionSelector.NumberSelector(number), CancellationToken.None));

    private sealed record Acknowledged(string Memory, long Number, string Hash)
    {
        public bool IsChecked { get; set; }
    }
}
