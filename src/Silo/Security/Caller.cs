using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Silo.Security;

/// <summary>Who makes a request: decided once at the edge, from the credential alone.</summary>
/// <param name="Tenant">Whose memories the request may name.</param>
/// <param name="Role">What it may do with them.</param>
/// <param name="Author">Who is named as the author of what it writes: the id of the key; null when nobody in particular asks.</param>
internal sealed record Caller(TenantId Tenant, Role Role, string? Author)
{
    /// <summary>Everybody who reaches a server without keys, which listens on loopback only.</summary>
    public static Caller Keyless { get; } = new(TenantId.Default, Role.Operator, Author: null);

    /// <summary>When the credential ends; null = never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <exception cref="InvalidOperationException">Nobody decided who the caller is: a defect.</exception>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? throw new InvalidOperationException("The request came past the authentication.");

    /// <exception cref="LatentDbException">forbidden: the caller's role is too low.</exception>
    public void Require(Role least)
    {
        if (Role < least) throw new LatentDbException(SecurityErrorCode.Forbidden, $"This needs a key with the role {Lower(least)}; the role of this one is {Lower(Role)}.");
    }

    private static string Lower(Role role) => role.ToString().ToLowerInvariant();
}
