using LatentDb.MemoryStore.Identity;

namespace LatentDb.Silo.Security.Keys;

/// <summary>What is kept of an API key: everything but its secret.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Hash">SHA-256 of its secret.</param>
/// <param name="Tenant">Whose memories it opens; null = an operator's.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Name">What people call it; may be empty.</param>
/// <param name="CreatedAt">When it was made.</param>
internal sealed record ApiKey(string Id, byte[] Hash, TenantId? Tenant, Role Role, string Name, DateTimeOffset CreatedAt)
{
    /// <summary>From when on it opens nothing; null = never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was taken back; null = it was not.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>When it last opened something; shared by all copies of the record.</summary>
    public KeyUse Use { get; init; } = new(null);

    public bool IsUsable(DateTimeOffset now) => RevokedAt is null && !(ExpiresAt <= now);

    /// <summary>An operator's key that time alone will not take away.</summary>
    public bool IsLastingOperator => Role == Role.Operator && RevokedAt is null && ExpiresAt is null;
}

/// <summary>The time of last use, to the second. Thread-safe.</summary>
internal sealed class KeyUse(DateTimeOffset? last)
{
    private long _seconds = last?.ToUnixTimeSeconds() ?? 0;

    public DateTimeOffset? Last => Interlocked.Read(ref _seconds) is > 0 and long seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    /// <summary>Takes over a later time that another silo has noted.</summary>
    public void Observe(DateTimeOffset? other)
    {
        if (other is not DateTimeOffset at) return;
        long seconds = at.ToUnixTimeSeconds();
        long known = Interlocked.Read(ref _seconds);
        while (seconds > known)
        {
            long found = Interlocked.CompareExchange(ref _seconds, seconds, known);
            if (found == known) return;
            known = found;
        }
    }

    /// <returns>True when the second is a new one.</returns>
    public bool Touch(DateTimeOffset now) => Interlocked.Exchange(ref _seconds, now.ToUnixTimeSeconds()) != now.ToUnixTimeSeconds();
}
