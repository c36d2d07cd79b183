namespace LatentDb.Silo.Audit;

/// <summary>Counts what is worth a line a minute and not one each: reads by a key, and refusals. Thread-safe.</summary>
internal sealed class AuditTally
{
    private readonly Lock _lock = new();
    private Dictionary<AuditEntry, long> _counts = [];

    /// <summary>Counts one.</summary>
    /// <param name="kind">Without target and request, which differ from one to the next.</param>
    /// <returns>False when there are too many kinds: those so far should be written now.</returns>
    public bool Count(AuditEntry kind)
    {
        lock (_lock)
        {
            _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
            return _counts.Count < AuditLimits.MaxTallies;
        }
    }

    /// <summary>Takes what has been counted, as lines.</summary>
    public IReadOnlyList<AuditEntry> Take()
    {
        lock (_lock)
        {
            AuditEntry[] lines = [.. _counts.Select(c => c.Key with { Count = c.Value })];
            _counts = [];
            return lines;
        }
    }
}
