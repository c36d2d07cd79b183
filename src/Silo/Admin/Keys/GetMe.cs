using LatentDb.Silo.Http;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Access;

namespace LatentDb.Silo.Admin.Keys;

/// <summary>GET /v1/me: who the caller is, for people and programs that were handed a key.</summary>
internal static class GetMe
{
    /// <param name="Tenant">Whose memories the request names.</param>
    /// <param name="Role">What the caller may do.</param>
    /// <param name="KeyId">The id of the key; absent without keys.</param>
    /// <param name="Name">The name of the key; absent where it has none.</param>
    /// <param name="ExpiresAt">When the key ends; absent = never.</param>
    /// <param name="Keyless">True: the server has no keys, and everybody who reaches it is an operator.</param>
    internal sealed record Answer(string Tenant, Role Role, string? KeyId, string? Name, string? ExpiresAt, bool Keyless);

    public static IResult Handle(RequestScope scope, AccessCatalog catalog)
    {
        Caller caller = scope.Caller;
        string? name = caller.Author is { } id && catalog.State.Keys.TryGetValue(id, out var key) && key.Name.Length > 0 ? key.Name : null;
        return Results.Json(new Answer(caller.Tenant.Value, caller.Role, caller.Author, name, KeyBody.Text(caller.ExpiresAt), !catalog.IsKeyed), ApiJson.Options);
    }
}
