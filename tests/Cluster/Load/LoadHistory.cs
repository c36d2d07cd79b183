using System.Diagnostics;
using LatentDb.Testing.Histories;

namespace LatentDb.Cluster.Load;

/// <summary>What the clients of one memory asked and were told. Thread-safe.</summary>
/// <param name="memory">Its name.</param>
public sealed class LoadHistory(string memory)
{
    private readonly Lock _lock = new();
    private readonly List<Operation> _operations = [];
    private readonly Dictionary<string, long> _acknowledged = new(StringComparer.Ordinal);

    public string Memory { get; } = memory;

    /// <summary>All so far.</summary>
    public Operation[] Operations
    {
        get
        {
            lock (_lock) return [.. _operations];
        }
    }

    /// <summary>The version that each acknowledged write was told, by its idempotency key.</summary>
    public IReadOnlyDictionary<string, long> Acknowledged => _acknowledged;

    /// <summary>The longest that an operation took until it was answered.</summary>
    public TimeSpan LongestWait => Longest(Operations.Where(o => o.Outcome != OperationOutcome.Unknown));

    /// <summary>Notes one that ends now.</summary>
    public void Add(int client, OperationKind kind, long version, OperationOutcome outcome, long invoked, string? key = null)
    {
        lock (_lock)
        {
            _operations.Add(new Operation(client, kind, version, outcome, invoked, Stopwatch.GetTimestamp()));
            if (key is not null && outcome == OperationOutcome.Done) _acknowledged.Add(key, version);
        }
    }

    private static TimeSpan Longest(IEnumerable<Operation> operations) =>
        operations.Select(o => Stopwatch.GetElapsedTime(o.Invoked, o.Returned)).DefaultIfEmpty(TimeSpan.Zero).Max();
}
