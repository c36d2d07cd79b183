namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>The names in one folder: those that a process sees, those on the platter, and the changes in between, each of which a power cut keeps or drops.</summary>
internal sealed class SimulatedFolder
{
    private readonly SortedDictionary<string, object> _live = new(StringComparer.Ordinal);
    private readonly List<NameChange[]> _unsynced = [];
    private SortedDictionary<string, object> _durable = new(StringComparer.Ordinal);

    public IEnumerable<string> Files => _live.Where(entry => entry.Value is SimulatedFile).Select(entry => entry.Key);

    public IEnumerable<string> Folders => _live.Where(entry => entry.Value is SimulatedFolder).Select(entry => entry.Key);

    public SimulatedFile? File(string name) => _live.GetValueOrDefault(name) as SimulatedFile;

    public SimulatedFolder? Folder(string name) => _live.GetValueOrDefault(name) as SimulatedFolder;

    public void Add(string name, object node) => Change([new NameChange(name, node)]);

    public void Remove(string name)
    {
        if (Folder(name) is SimulatedFolder folder)
        {
            foreach (string inner in folder._live.Keys.ToList()) folder.Remove(inner);
        }

        Change([new NameChange(name, null)]);
    }

    public void Rename(string from, string to) => Change([new NameChange(from, null), new NameChange(to, _live[from])]);

    public void Sync()
    {
        _durable = new SortedDictionary<string, object>(_live, StringComparer.Ordinal);
        _unsynced.Clear();
    }

    /// <summary>What is left of it and of all below it.</summary>
    public SimulatedFolder AfterPowerCut(Random random)
    {
        double kept = KeptOf(random);
        var names = new SortedDictionary<string, object>(_durable, StringComparer.Ordinal);
        foreach (NameChange[] change in _unsynced.Where(_ => random.NextDouble() < kept)) Apply(names, change);
        return Copy(names, file => file.AfterPowerCut(random, KeptOf(random)), folder => folder.AfterPowerCut(random));
    }

    /// <summary>All of it, as after an orderly stop.</summary>
    public SimulatedFolder AfterOrderlyStop() => Copy(_live, file => file.AfterOrderlyStop(), folder => folder.AfterOrderlyStop());

    private void Change(NameChange[] change)
    {
        Apply(_live, change);
        _unsynced.Add(change);
    }

    private static SimulatedFolder Copy(SortedDictionary<string, object> names, Func<SimulatedFile, SimulatedFile> file, Func<SimulatedFolder, SimulatedFolder> folder)
    {
        var copy = new SimulatedFolder();
        foreach ((string name, object node) in names) copy._live.Add(name, node is SimulatedFile f ? file(f) : folder((SimulatedFolder)node));
        copy.Sync();
        return copy;
    }

    private static void Apply(SortedDictionary<string, object> names, NameChange[] change)
    {
        foreach (NameChange one in change)
        {
            if (one.Node is null) names.Remove(one.Name);
            else names[one.Name] = one.Node;
        }
    }

    /// <summary>Everything kept is a killed process, nothing kept a disk with a large cache; most cuts are in between.</summary>
    private static double KeptOf(Random random) => random.Next(5) switch { 0 => 0, 1 => 1, _ => random.NextDouble() };

    private readonly record struct NameChange(string Name, object? Node);
}
