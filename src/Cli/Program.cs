using System.CommandLine;
using LatentDb.Cli;
using LatentDb.Cli.Commands;
using LatentDb.Cli.Settings;

var settings = new CliSettings();
var root = new RootCommand(
    """
    latentdb: the command line of LatentDB.

    Exit codes: 0 done, 1 refused by the server, 2 wrong command line, 3 server unreachable.
    """)
{
    Demo.Create(),
    Serve.Create(),
    Memories.Create(settings),
    Inject.Create(settings),
    Ask.Create(settings),
    Versions.Create(settings),
    Snapshots.Create(settings),
    Rollback.Create(settings),
    History.Create(settings),
    Diff.Create(settings),
    Fork.Create(settings),
    Erase.Create(settings),
    Export.Create((command, verb) => command.Runs(settings, verb)),
    Import.Create((command, verb) => command.Runs(settings, verb)),
    Store.Create(settings),
};
settings.AddTo(root);

ParseResult parsed = root.Parse(args);
int exit = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }).ConfigureAwait(false);
return parsed.Errors.Count > 0 ? ExitCode.Usage : exit;
