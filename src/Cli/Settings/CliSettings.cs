using System.CommandLine;
using LatentDb.Client;

namespace LatentDb.Cli.Settings;

/// <summary>The options that every verb takes.</summary>
internal sealed class CliSettings
{
    private const string ServerVariable = "LATENTDB_SERVER";
    private const string DefaultServer = "http://127.0.0.1:5080";

    /// <summary>A long text on a slow machine takes minutes; the server's own limits end what takes longer.</summary>
    private static readonly TimeSpan RequestLimit = TimeSpan.FromMinutes(30);

    private readonly Option<string?> _server = new("--server")
    {
        Description = $"Address of the server; else ${ServerVariable}, else {DefaultServer}.",
        Recursive = true,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print the answer as JSON.", Recursive = true };

    public void AddTo(RootCommand root)
    {
        _server.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && Parse(text) is null) result.AddError($"'{text}' is not an address such as {DefaultServer}.");
        });
        root.Options.Add(_server);
        root.Options.Add(_json);
    }

    public bool IsJson(ParseResult parsed) => parsed.GetValue(_json);

    /// <exception cref="UriFormatException">The environment names no address.</exception>
    public Uri Server(ParseResult parsed)
    {
        string text = parsed.GetValue(_server) ?? Environment.GetEnvironmentVariable(ServerVariable) ?? DefaultServer;
        return Parse(text) ?? throw new UriFormatException($"'{text}' in ${ServerVariable} is not an address such as {DefaultServer}.");
    }

    /// <summary>A connection to a server; the caller disposes the HttpClient.</summary>
    public static HttpClient Connect(Uri server) => new() { BaseAddress = server, Timeout = RequestLimit };

    public static LatentDbClient Over(HttpClient http) => new(http);

    /// <summary>With a slash at the end, so that relative paths are added to a path and do not replace it.</summary>
    private static Uri? Parse(string text) =>
        Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" ? address : null;
}
