using LatentDb.Silo.Security.Access;

namespace LatentDb.Silo.Limits;

/// <summary>What a tenant may use, everybody's limits and its own taken together. 0 = without limit.</summary>
/// <param name="Memories">Memories.</param>
/// <param name="Bytes">Stored bytes.</param>
/// <param name="RequestsPerMinute">Requests.</param>
/// <param name="InjectsPerMinute">Injects.</param>
/// <param name="TokensPerMinute">Tokens that the model reads and writes.</param>
/// <param name="ConcurrentGenerations">Requests that use the model at once.</param>
internal sealed record EffectiveLimits(long Memories, long Bytes, int RequestsPerMinute, int InjectsPerMinute, int TokensPerMinute, int ConcurrentGenerations)
{
    public static EffectiveLimits Of(SiloOptions everybody, TenantLimits own) => new(
        own.Memories ?? everybody.TenantMemories,
        own.Bytes ?? everybody.TenantBytes,
        own.RequestsPerMinute ?? everybody.TenantRequestsPerMinute,
        own.InjectsPerMinute ?? everybody.TenantInjectsPerMinute,
        own.TokensPerMinute ?? everybody.TenantTokensPerMinute,
        own.ConcurrentGenerations ?? everybody.TenantConcurrentGenerations);

    /// <summary>True when any rate is limited: then every answer says what is left.</summary>
    public bool HasRates => RequestsPerMinute > 0 || InjectsPerMinute > 0 || TokensPerMinute > 0;
}
