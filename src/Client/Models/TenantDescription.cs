namespace LatentDb.Client.Models;

/// <summary>A tenant as operators see it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="CreatedAt">When it was made; null for the default tenant as long as nobody has changed it.</param>
/// <param name="SuspendedAt">Since when its keys open nothing; null = they do.</param>
/// <param name="Limits">Where its limits differ from everybody's.</param>
/// <param name="Memories">Memories that it has.</param>
/// <param name="Bytes">Stored bytes of them.</param>
public sealed record TenantDescription(string Id, DateTimeOffset? CreatedAt, DateTimeOffset? SuspendedAt, TenantLimits Limits, long Memories, long Bytes);

/// <summary>Where a tenant's limits differ from everybody's: null = as everybody, 0 = without limit.</summary>
public sealed record TenantLimits
{
    public long? Memories { get; init; }

    public long? Bytes { get; init; }

    public int? RequestsPerMinute { get; init; }

    public int? InjectsPerMinute { get; init; }

    /// <summary>Tokens of prompts, answers and injects together.</summary>
    public int? TokensPerMinute { get; init; }

    /// <summary>Requests that use the model at one time.</summary>
    public int? ConcurrentGenerations { get; init; }
}

/// <summary>What a new tenant is to be.</summary>
/// <param name="Id">1 to 128 of A-Z a-z 0-9 . _ : @ -.</param>
/// <param name="Limits">Where its limits differ from everybody's.</param>
public sealed record CreateTenantRequest(string Id, TenantLimits? Limits = null);

/// <summary>What changes of a tenant.</summary>
/// <param name="Suspended">True: its keys open nothing; false: they do again; null: as it is.</param>
/// <param name="Limits">Takes the place of all its limits; null: as they are.</param>
public sealed record UpdateTenantRequest(bool? Suspended = null, TenantLimits? Limits = null);
