using LatentDb.Silo.Security;

namespace LatentDb.Silo.Http.Description;

/// <summary>Who may use a route. Every route says it; a test finds one that does not.</summary>
internal static class RouteRoles
{
    public static RouteHandlerBuilder Needs(this RouteHandlerBuilder route, Role role) => route.WithMetadata(new RequiredRole(role));

    /// <summary>Also without a credential.</summary>
    public static RouteHandlerBuilder OpenToAll(this RouteHandlerBuilder route) => route.WithMetadata(new RequiredRole(null));
}
