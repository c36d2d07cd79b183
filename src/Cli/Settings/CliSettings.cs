using System.CommandLine;

namespace LatentDb.Cli.Settings;

/// <summary>The options that every verb takes, and where each value comes from: flag, else environment, else configuration file, else default.</summary>
internal sealed class CliSettings
{
    public const string DefaultServer = "http://127.0.0.1:5080";

    private readonly Option<string?> _server = new("--server")
    {
        Description = $"Address of the server; else $LATENTDB_SERVER, else the configuration file, else {DefaultServer}.",
        Recursive = true,
        HelpName = "url",
    };

    private readonly Option<string?> _keyFile = new("--key-file")
    {
        Description = "File whose first line is the API key; else $LATENTDB_API_KEY, else the configuration file. Never a word of the command line, which others can read.",
        Recursive = true,
        HelpName = "path",
    };

    private readonly Option<string?> _tenant = new("--tenant")
    {
        Description = "Tenant to act for, with an operator's key; else $LATENTDB_TENANT, else the configuration file.",
        Recursive = true,
        HelpName = "id",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print answers, and refusals on standard error, as JSON.", Recursive = true };

    public void AddTo(RootCommand root)
    {
        _server.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && ServerTarget.ParseAddress(text) is null) result.AddError($"'{text}' is not an address such as {DefaultServer}.");
        });
        root.Options.Add(_server);
        root.Options.Add(_keyFile);
        root.Options.Add(_tenant);
        root.Options.Add(_json);
    }

    public bool IsJson(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Which server, and as whom.</summary>
    /// <exception cref="UsageException">A value makes no sense, or a file cannot be read.</exception>
    public ServerTarget Target(ParseResult parsed)
    {
        var target = ServerTarget.Of(Resolve(parsed));
        target.WarnOfClearKey();
        return target;
    }

    /// <summary>Every setting with its value and its origin.</summary>
    public ResolvedSettings Resolve(ParseResult parsed)
    {
        ConfigFile file = ConfigFile.Read();
        Setting server = First(("--server", parsed.GetValue(_server)), Variable("LATENTDB_SERVER"), (file.Path, file.Server)) ?? new Setting(DefaultServer, "default");
        Setting? tenant = First(("--tenant", parsed.GetValue(_tenant)), Variable("LATENTDB_TENANT"), (file.Path, file.Tenant));
        return new ResolvedSettings(server, Key(parsed, file), tenant);
    }

    private Setting? Key(ParseResult parsed, ConfigFile file)
    {
        if (parsed.GetValue(_keyFile) is { } path) return new Setting(KeyFile.Read(path), path);
        if (First(Variable("LATENTDB_API_KEY")) is { } key) return key;
        if (First(Variable("LATENTDB_API_KEY_FILE"), (file.Path, file.ApiKeyFile)) is { } named) return new Setting(KeyFile.Read(named.Value), named.Value);
        return First((file.Path, file.ApiKey));
    }

    private static (string Origin, string? Value) Variable(string name) => ($"${name}", Environment.GetEnvironmentVariable(name));

    private static Setting? First(params (string Origin, string? Value)[] candidates) =>
        candidates.Where(c => !string.IsNullOrEmpty(c.Value)).Select(c => new Setting(c.Value!, c.Origin)).FirstOrDefault();
}

/// <summary>A value and where it comes from.</summary>
internal sealed record Setting(string Value, string Origin);

/// <summary>What the flags, the environment and the file come to. Null = not set anywhere.</summary>
internal sealed record ResolvedSettings(Setting Server, Setting? ApiKey, Setting? Tenant);
