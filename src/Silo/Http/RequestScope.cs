using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Silo.Http;

/// <summary>Whose memory a request is about. Without keys every caller is the tenant "default".</summary>
internal sealed class RequestScope(IGrainHost grains)
{
    public TenantId Tenant => TenantId.Default;

    public IGrainHost Grains => grains;

    /// <exception cref="MemoryStore.Errors.LatentDbException">invalid_name.</exception>
    public IMemoryGrain Memory(string id) => grains.GetMemory(Key(id));

    /// <exception cref="MemoryStore.Errors.LatentDbException">invalid_name.</exception>
    public MemoryKey Key(string id) => new(Tenant, MemoryId.Parse(id));

    /// <summary>Who asks, for the history of a memory. Without keys that is nobody in particular.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">invalid_request: the idempotency key is not valid.</exception>
    public static WriteOrigin Origin(HttpRequest request) => new(RequestHeaders.IdempotencyKey(request), Author: null);
}
