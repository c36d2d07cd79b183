using System.Diagnostics;
using LatentDb.Testing.Histories;

namespace LatentDb.Cluster.Load;

/// <summary>What the clients of one memory asked and were told. Thread-safe.</summary>
/// <param name="memory">Its name.</param>
public sealed class LoadHistory(string memory)
{
    private readonly Lock _lock = new();
    private readonly List<(Operation Operation, string? Key)> _operations = [];
    private readonly Dictionary<string, long[]> _acknowledged = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _snapshots = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _items = new(StringComparer.Ordinal);
    private readonly List<string> _archived = [];

    public string Memory { get; } = memory;

    /// <summary>All so far.</summary>
    public Operation[] Operations
    {
        get
        {
            lock (_lock) return [.. _operations.Select(o => o.Operation)];
        }
    }

    /// <summary>The versions that each acknowledged write was told, by its idempotency key.</summary>
    public IReadOnlyDictionary<string, long[]> Acknowledged => _acknowledged;

    /// <summary>How many versions each write makes at most, by its idempotency key.</summary>
    public IReadOnlyDictionary<string, int> Items => _items;

    /// <summary>The version of each snapshot whose making was acknowledged.</summary>
    public IReadOnlyDictionary<string, long> Snapshots => _snapshots;

    /// <summary>The lists of versions that archives of it brought along.</summary>
    public IReadOnlyList<string> Archived => _archived;

    /// <summary>The newest version that anybody was told of; 1 = none but the first.</summary>
    public long KnownHead
    {
        get
        {
            lock (_lock) return _operations.Select(o => o.Operation.Version).Append(1).Max();
        }
    }

    /// <summary>Notes one that ends now.</summary>
    public void Add(int client, OperationKind kind, long version, OperationOutcome outcome, long invoked, string? key = null) => Add(client, kind, version, outcome, invoked, Stopwatch.GetTimestamp(), key);

    /// <summary>Notes one that has ended then.</summary>
    public void Add(int client, OperationKind kind, long version, OperationOutcome outcome, long invoked, long returned, string? key = null)
    {
        lock (_lock)
        {
            _operations.Add((new Operation(client, kind, version, outcome, invoked, returned), key));
            if (key is not null && outcome == OperationOutcome.Done) _acknowledged[key] = [.. _acknowledged.GetValueOrDefault(key) ?? [], version];
        }
    }

    /// <summary>Notes that a write under that key is asked for.</summary>
    public void Ask(string key, int items)
    {
        lock (_lock) _items.Add(key, items);
    }

    public void AddSnapshot(string name, long version)
    {
        lock (_lock) _snapshots.Add(name, version);
    }

    public void AddArchived(string versions)
    {
        lock (_lock) _archived.Add(versions);
    }

    /// <summary>
    /// The operations as the memory's own history shows them: a write under a key that nobody was told of happened at the versions that bear the key, or
    /// never; a read that nobody was told of is nothing.
    /// </summary>
    /// <param name="versionsOf">The versions that bear a key.</param>
    public Operation[] Settled(Func<string, long[]> versionsOf)
    {
        lock (_lock)
        {
            return [.. _operations.SelectMany(o => o switch
            {
                { Operation.Outcome: not OperationOutcome.Unknown } => [o.Operation],
                { Key: string key } => versionsOf(key).Select(version => o.Operation with { Kind = OperationKind.Write, Version = version, Outcome = OperationOutcome.Done, Returned = long.MaxValue }),
                { Operation.Kind: OperationKind.Read } => [],
                _ => (IEnumerable<Operation>)[o.Operation],
            })];
        }
    }
}
