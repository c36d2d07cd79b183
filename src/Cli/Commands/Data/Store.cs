using System.CommandLine;
using System.Security.Cryptography;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;

namespace LatentDb.Cli.Commands.Data;

/// <summary>
/// store: care of the data itself, on a running server, or with --data on a folder that no server has open. For a folder the server program is started
/// for maintenance, on loopback and without a model, and is stopped at the end: there is one way to everything, and this program holds no code of the store.
/// </summary>
internal sealed class Store
{
    /// <summary>Whoever may read the folder may care for it; the key keeps others on the machine out while it is done.</summary>
    private const int AdminKeyBytes = 32;

    private readonly CliSettings _settings;
    private readonly Option<string?> _data = new("--data") { Description = "A data folder that no server has open; without it the running server does the work.", Recursive = true };

    private readonly Option<int?> _shards = new("--shards") { Description = "Shards of the folder of --data, where it was made with more than one.", Recursive = true };

    private Store(CliSettings settings) => _settings = settings;

    public static Command Create(CliSettings settings)
    {
        var store = new Store(settings);
        var command = new Command("store", "Look at, check and care for the data of a server or of a folder.")
        {
            Export.Create((verb, work) => store.Run(verb, work, mayBeNew: false)),
            Import.Create((verb, work) => store.Run(verb, work, mayBeNew: true)),
            StoreCare.Stats((verb, work) => store.Run(verb, work, mayBeNew: false)),
            StoreCare.Inspect((verb, work) => store.Run(verb, work, mayBeNew: false)),
            StoreCare.Scrub((verb, work) => store.Run(verb, work, mayBeNew: false)),
            StoreCare.Compact((verb, work) => store.Run(verb, work, mayBeNew: false)),
            StoreCare.RotateKeys((verb, work) => store.Run(verb, work, mayBeNew: false)),
        };
        command.Options.Add(store._data);
        command.Options.Add(store._shards);
        return command;
    }

    private void Run(Command command, Verb verb, bool mayBeNew) => command.SetAction((parsed, cancellationToken) => VerbRunner.GuardAsync(_settings.IsJson(parsed), async () =>
    {
        var output = new AnswerWriter(_settings.IsJson(parsed));
        if (parsed.GetValue(_data) is { } folder) await OnFolderAsync(["--maintenance", "true", .. Shards(parsed)], Require(folder, mayBeNew), verb, output, parsed, cancellationToken).ConfigureAwait(false);
        else await OnServerAsync(_settings.Target(parsed), verb, output, parsed, cancellationToken).ConfigureAwait(false);
        return ExitCode.Ok;
    }));

    private static async Task OnFolderAsync(string[] arguments, string folder, Verb verb, AnswerWriter output, ParseResult parsed, CancellationToken cancellationToken)
    {
        string adminKey = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(AdminKeyBytes));
        ServerProcess server = await ServerProcess.StartAsync(folder, adminKey, arguments, cancellationToken).ConfigureAwait(false);
        await using (server.ConfigureAwait(false))
        {
            await OnServerAsync(new ServerTarget(server.Address, adminKey), verb, output, parsed, cancellationToken).ConfigureAwait(false);
            await server.StopAsync().ConfigureAwait(false);
        }
    }

    private string[] Shards(ParseResult parsed) =>
        parsed.GetValue(_shards) is { } count ? ["--shards", count.ToString(System.Globalization.CultureInfo.InvariantCulture)] : [];

    private static async Task OnServerAsync(ServerTarget target, Verb verb, AnswerWriter output, ParseResult parsed, CancellationToken cancellationToken)
    {
        using HttpClient http = target.Connect();
        await verb(target.Over(http), output, parsed, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A folder whose name is mistyped must not become a new, empty store.</summary>
    private static string Require(string folder, bool mayBeNew)
    {
        if (mayBeNew || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())) return Path.GetFullPath(folder);
        throw new UsageException($"{folder} holds no data.");
    }
}
