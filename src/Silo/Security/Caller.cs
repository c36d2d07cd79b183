using LatentDb.MemoryStore.Identity;

namespace LatentDb.Silo.Security;

/// <summary>Who makes a request: decided once at the edge, from the credential alone.</summary>
/// <param name="Tenant">Whose memories the request may name.</param>
/// <param name="Role">What it may do with them.</param>
/// <param name="Author">Who is named as the author of what it writes; null when nobody in particular asks.</param>
internal sealed record Caller(TenantId Tenant, Role Role, string? Author)
{
    /// <summary>Everybody who reaches a server without keys, which listens on loopback only.</summary>
    public static Caller Keyless { get; } = new(TenantId.Default, Role.Operator, Author: null);

    /// <exception cref="InvalidOperationException">Nobody decided who the caller is: a defect.</exception>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? throw new InvalidOperationException("The request came past the authentication.");
}
