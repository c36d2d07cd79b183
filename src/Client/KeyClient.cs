using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>
/// Keys of the caller's tenant, or of the server's operators. Making and rotating is never tried again after a broken connection, which may have left a key
/// that nobody knows: list the keys, and revoke what is too much.
/// </summary>
public sealed class KeyClient
{
    private readonly ApiConnection _connection;
    private readonly string _path;

    internal KeyClient(ApiConnection connection, string path)
    {
        _connection = connection;
        _path = path;
    }

    /// <summary>Makes a key. It is in this answer and never again.</summary>
    /// <exception cref="ApiProblemException">first_key_must_be_operator: from the first key on nobody comes in without one; forbidden.</exception>
    public Task<ApiKeyDescription> CreateAsync(CreateKeyRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ApiRequest call = new ApiRequest(HttpMethod.Post, _path, IsRepeatable: false).With(request, ClientJson.Default.CreateKeyRequest);
        return _connection.SendAsync(call, ClientJson.Default.ApiKeyDescription, cancellationToken);
    }

    /// <summary>One page of keys in order of id, without their secrets.</summary>
    /// <param name="limit">1 to 200; null = the server's choice.</param>
    /// <param name="cursor">The last page's cursor; null = from the start.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<Page<ApiKeyDescription>> ListAsync(int? limit = null, string? cursor = null, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(ApiRequest.Get(PagePath.Of(_path, limit, cursor)), ClientJson.Default.KeyPage, cancellationToken);

    public Task<ApiKeyDescription> GetAsync(string keyId, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(ApiRequest.Get(PathOf(keyId)), ClientJson.Default.ApiKeyDescription, cancellationToken);

    /// <summary>Makes a successor of a key, which is in this answer and never again.</summary>
    /// <param name="keyId">The key that ends.</param>
    /// <param name="grace">How long it goes on beside the new one, up to 30 days.</param>
    /// <param name="cancellationToken">Ends the wait; the successor may exist nevertheless.</param>
    public Task<ApiKeyDescription> RotateAsync(string keyId, TimeSpan grace = default, CancellationToken cancellationToken = default)
    {
        var body = new RotateKeyCall((int)grace.TotalSeconds);
        ApiRequest call = new ApiRequest(HttpMethod.Post, $"{PathOf(keyId)}/rotate", IsRepeatable: false).With(body, ClientJson.Default.RotateKeyCall);
        return _connection.SendAsync(call, ClientJson.Default.ApiKeyDescription, cancellationToken);
    }

    /// <summary>When the task ends, the key opens nothing. Revoking it again changes nothing.</summary>
    /// <exception cref="ApiProblemException">The last operator's key stays.</exception>
    public Task RevokeAsync(string keyId, CancellationToken cancellationToken = default) =>
        _connection.SendAsync(new ApiRequest(HttpMethod.Delete, PathOf(keyId), IsRepeatable: true), cancellationToken);

    private string PathOf(string keyId)
    {
        ArgumentException.ThrowIfNullOrEmpty(keyId);
        return $"{_path}/{Uri.EscapeDataString(keyId)}";
    }
}
