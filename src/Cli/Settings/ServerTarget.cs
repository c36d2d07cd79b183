using LatentDb.Client;

namespace LatentDb.Cli.Settings;

/// <summary>A server, and who the command line is to it.</summary>
internal sealed class ServerTarget
{
    /// <summary>A long text on a slow machine takes minutes; the server's own limits end what takes longer.</summary>
    private static readonly TimeSpan RequestLimit = TimeSpan.FromMinutes(30);

    private readonly ClientOptions _options;

    public ServerTarget(Uri address, string? apiKey = null, string? tenant = null)
    {
        Address = address;
        _options = new ClientOptions { ApiKey = apiKey, Tenant = tenant };
    }

    public Uri Address { get; }

    /// <exception cref="UsageException">The address is none.</exception>
    public static ServerTarget Of(ResolvedSettings settings)
    {
        Uri address = ParseAddress(settings.Server.Value)
            ?? throw new UsageException($"'{settings.Server.Value}' in {settings.Server.Origin} is not an address such as {CliSettings.DefaultServer}.");
        return new ServerTarget(address, settings.ApiKey?.Value, settings.Tenant?.Value);
    }

    /// <summary>With a slash at the end, so that relative paths are added to a path and do not replace it. Null = no address.</summary>
    public static Uri? ParseAddress(string text) =>
        Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" ? address : null;

    /// <summary>A connection; the caller disposes it.</summary>
    public HttpClient Connect() => new() { BaseAddress = Address, Timeout = RequestLimit };

    /// <summary>A connection for what the client library has no verb for: who asks goes with every request.</summary>
    /// <exception cref="UsageException">The key or the tenant holds what no request can carry.</exception>
    public HttpClient ConnectWithKey()
    {
        HttpClient http = Connect();
        _ = Over(http);
        if (_options.ApiKey is { } key) http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        if (_options.Tenant is { } tenant) http.DefaultRequestHeaders.TryAddWithoutValidation("X-Tenant-Id", tenant);
        return http;
    }

    /// <exception cref="UsageException">The key or the tenant holds what no request can carry.</exception>
    public LatentDbClient Over(HttpClient http)
    {
        try
        {
            return new LatentDbClient(http, _options);
        }
        catch (ArgumentException error)
        {
            throw new UsageException(error.Message);
        }
    }

    /// <summary>A key that goes over the network in clear is everybody's on the way.</summary>
    public void WarnOfClearKey()
    {
        if (_options.ApiKey is null || Address.Scheme == Uri.UriSchemeHttps || Address.IsLoopback) return;
        Console.Error.WriteLine($"latentdb: the API key goes to {Address.Host} unencrypted; use https.");
    }
}
