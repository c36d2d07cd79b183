using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>Tenants of a server, for its operators.</summary>
public sealed class TenantClient
{
    private const string Path = "v1/admin/tenants";

    private readonly ApiConnection _connection;

    internal TenantClient(ApiConnection connection) => _connection = connection;

    /// <summary>Makes a tenant. Keys for it are made by an operator whose <see cref="ClientOptions.Tenant"/> names it.</summary>
    public Task<TenantDescription> CreateAsync(CreateTenantRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ApiRequest call = new ApiRequest(HttpMethod.Post, Path, IsRepeatable: false).With(request, ClientJson.Default.CreateTenantRequest);
        return _connection.SendAsync(call, ClientJson.Default.TenantDescription, cancellationToken);
    }

    /// <summary>One page of tenants in order of id, with what they use.</summary>
    /// <param name="limit">1 to 200; null = the server's choice.</param>
    /// <param name="cursor">The last page's cursor; null = from the start.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<Page<TenantDescription>> ListAsync(int? limit = null, string? cursor = null, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(ApiRequest.Get(PagePath.Of(Path, limit, cursor)), ClientJson.Default.TenantPage, cancellationToken);

    public Task<TenantDescription> GetAsync(string tenant, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(ApiRequest.Get(PathOf(tenant)), ClientJson.Default.TenantDescription, cancellationToken);

    /// <summary>Limits or suspends a tenant. Says what it is to be, so that it may be sent twice.</summary>
    public Task<TenantDescription> UpdateAsync(string tenant, UpdateTenantRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ApiRequest call = new ApiRequest(HttpMethod.Patch, PathOf(tenant), IsRepeatable: true).With(request, ClientJson.Default.UpdateTenantRequest);
        return _connection.SendAsync(call, ClientJson.Default.TenantDescription, cancellationToken);
    }

    /// <summary>Takes away a tenant without memories, and its keys.</summary>
    public Task DeleteAsync(string tenant, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(new ApiRequest(HttpMethod.Delete, PathOf(tenant), IsRepeatable: false), cancellationToken);

    private static string PathOf(string tenant)
    {
        ArgumentException.ThrowIfNullOrEmpty(tenant);
        return $"{Path}/{Uri.EscapeDataString(tenant)}";
    }
}
