using System.Net;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Security.Access;
using LatentDb.Silo.Security.Keys;

namespace LatentDb.Silo.Security;

/// <summary>Decides who the caller is, before any route runs, and whether his role is high enough for it.</summary>
internal sealed partial class Authentication(RequestDelegate next, AccessCatalog catalog, CredentialCheck credentials, BadKeyThrottle throttle, ILogger<Authentication> logger)
{
    /// <summary>Whom an operator acts for; the default tenant when absent.</summary>
    public const string TenantHeader = "X-Tenant-Id";

    /// <summary>RFC 6750 section 3.</summary>
    private const string Challenge = "Bearer realm=\"latentdb\"";

    public Task InvokeAsync(HttpContext context)
    {
        if (RequiredOf(context) is { } required)
        {
            Caller caller = ActFor(catalog.IsKeyed ? Identify(context) : Caller.Keyless, context);
            context.Features.Set(caller);
            caller.Require(required);
        }

        return next(context);
    }

    /// <summary>A route that says nothing of roles is an operator's; where routing found none there is nothing to protect.</summary>
    /// <returns>Null = open to everybody.</returns>
    private static Role? RequiredOf(HttpContext context) => context.GetEndpoint() switch
    {
        RouteEndpoint route => route.Metadata.GetMetadata<RequiredRole>() is { } required ? required.Role : Role.Operator,
        _ => null,
    };

    private Caller Identify(HttpContext context)
    {
        Credential credential = credentials.Check(context.Request.Headers.Authorization);
        if (credential is Credential.Good good) return good.Caller;
        context.Response.Headers.WWWAuthenticate = Challenge;
        if (credential is Credential.Bad { KeyId: { } id }) context.Features.Set(new RefusedKey(id));
        throw Refuse(credential, context.Connection.RemoteIpAddress);
    }

    private LatentDbException Refuse(Credential credential, IPAddress? address)
    {
        switch (credential)
        {
            case Credential.Missing:
                SecurityMetrics.Failed("missing");
                return new LatentDbException(SecurityErrorCode.Unauthenticated, "This needs an API key: Authorization: Bearer ldb_...");
            case Credential.Expired expired:
                SecurityMetrics.Failed("expired");
                return new LatentDbException(SecurityErrorCode.Unauthenticated, $"The key {expired.Key.Id} has expired; ask for another.");
            default:
                return RefuseBad((credential as Credential.Bad)?.KeyId, address);
        }
    }

    private LatentDbException RefuseBad(string? keyId, IPAddress? address)
    {
        ThrottleVerdict verdict = throttle.Count(address, keyId);
        if (verdict.IsNewBurst) LogBurst(address);
        SecurityMetrics.Failed(verdict.RetryAfter > TimeSpan.Zero ? "throttled" : "bad");
        return verdict.RetryAfter > TimeSpan.Zero
            ? new LatentDbException(SecurityErrorCode.TooManyFailures, "Too many wrong API keys came from this address or for this key; a right one still passes.") { RetryAfter = verdict.RetryAfter }
            : new LatentDbException(SecurityErrorCode.Unauthenticated, "The API key is not valid.");
    }

    /// <summary>Operators act for the tenant that they name; all others for that of their key, and may not even name it.</summary>
    private Caller ActFor(Caller caller, HttpContext context)
    {
        if (context.Request.Headers.TryGetValue(TenantHeader, out var named))
        {
            if (caller.Role != Role.Operator) throw new LatentDbException(SecurityErrorCode.Forbidden, $"{TenantHeader} is for operators; the tenant is that of the key.");
            TenantId tenant = TenantId.Parse(named.Count == 1 ? named[0] : null);
            catalog.State.Require(tenant);
            return caller with { Tenant = tenant };
        }

        if (caller.Role != Role.Operator && catalog.State.Find(caller.Tenant)?.SuspendedAt is not null)
        {
            throw new LatentDbException(SecurityErrorCode.TenantSuspended, $"Tenant {caller.Tenant} is suspended; ask whoever runs the server.");
        }

        return caller;
    }

    [LoggerMessage(4110, LogLevel.Warning, "Too many wrong API keys from {Address} or for one key: further ones within the minute are refused with 429.")]
    private partial void LogBurst(IPAddress? address);
}
