using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Silo.Http;

/// <summary>Whose memory a request is about. Without keys every caller is the tenant "default".</summary>
internal sealed class RequestScope(IGrainHost grains)
{
    public TenantId Tenant => TenantId.Default;

    public IGrainHost Grains => grains;

    /// <exception cref="MemoryStore.Errors.LatentDbException">invalid_name.</exception>
    public IMemoryGrain Memory(string id) => grains.GetMemory(new MemoryKey(Tenant, MemoryId.Parse(id)));
}
