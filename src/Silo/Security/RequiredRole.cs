namespace LatentDb.Silo.Security;

/// <summary>Marks a route with the least role that may use it.</summary>
/// <param name="Role">That role; null = open to everybody, also without a credential.</param>
internal sealed record RequiredRole(Role? Role);
