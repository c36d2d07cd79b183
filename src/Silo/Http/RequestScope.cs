using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Limits;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Http;

/// <summary>Whose memories a request is about: the only way from a name in a request to a memory, so that one tenant can never name another's.</summary>
internal sealed class RequestScope(IGrainHost grains, Caller caller, TenantGate limits)
{
    public Caller Caller => caller;

    public TenantId Tenant => caller.Tenant;

    public IGrainHost Grains => grains;

    /// <summary>Lets a route take its scope as a parameter.</summary>
    public static ValueTask<RequestScope> BindAsync(HttpContext context) => ValueTask.FromResult(Of(context));

    public static RequestScope Of(HttpContext context) => new(context.RequestServices.GetRequiredService<IGrainHost>(), Caller.Of(context), context.RequestServices.GetRequiredService<TenantGate>());

    /// <exception cref="LatentDbException">invalid_name.</exception>
    public IMemoryGrain Memory(string id) => grains.GetMemory(Key(id));

    /// <exception cref="LatentDbException">invalid_name.</exception>
    public MemoryKey Key(string id) => new(Tenant, MemoryId.Parse(id));

    /// <summary>For what needs more than the role of its route.</summary>
    /// <exception cref="LatentDbException">forbidden.</exception>
    public void Require(Role role) => caller.Require(role);

    /// <summary>Counts tokens that the model has read and written for the request.</summary>
    public void ChargeTokens(long tokens) => limits.ChargeTokens(Tenant, tokens);

    /// <summary>Counts injects beyond those that the request was let in for, and the tokens of all its injects.</summary>
    public void ChargeInjects(int injects, long tokens)
    {
        if (injects > 0) limits.ChargeInjects(Tenant, injects);
        limits.ChargeTokens(Tenant, tokens);
    }

    /// <summary>Lets one piece of work in where a request has several; to be disposed when it is done.</summary>
    /// <exception cref="LatentDbException">rate_limited, quota_exceeded.</exception>
    public ValueTask<Admission> AdmitAsync(Costs costs, CancellationToken cancellationToken) => limits.AdmitWorkAsync(Tenant, costs, cancellationToken);

    /// <summary>Who asks, for the history of a memory.</summary>
    /// <exception cref="LatentDbException">invalid_request: the idempotency key is not valid.</exception>
    public WriteOrigin Origin(HttpRequest request) => new(RequestHeaders.IdempotencyKey(request), caller.Author);
}
