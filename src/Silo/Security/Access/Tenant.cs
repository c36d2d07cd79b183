using LatentDb.MemoryStore.Identity;

namespace LatentDb.Silo.Security.Access;

/// <summary>What is known of a tenant besides its memories.</summary>
/// <param name="Id">Its name.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Limits">What it may use.</param>
internal sealed record Tenant(TenantId Id, DateTimeOffset CreatedAt, TenantLimits Limits)
{
    /// <summary>Since when its keys open nothing; null = they do.</summary>
    public DateTimeOffset? SuspendedAt { get; init; }
}

/// <summary>What a tenant may use, where it differs from everybody's. Null = as everybody, 0 = without limit.</summary>
/// <param name="Memories">Memories that it may have.</param>
/// <param name="Bytes">Stored bytes of its memories.</param>
/// <param name="RequestsPerMinute">Requests.</param>
/// <param name="InjectsPerMinute">Injects.</param>
/// <param name="TokensPerMinute">Tokens that the model reads and writes for it.</param>
/// <param name="ConcurrentGenerations">Requests that use the model at once.</param>
internal sealed record TenantLimits(
    long? Memories = null, long? Bytes = null, int? RequestsPerMinute = null, int? InjectsPerMinute = null, int? TokensPerMinute = null, int? ConcurrentGenerations = null)
{
    public static readonly TenantLimits Default = new();
}
