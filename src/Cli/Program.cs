using System.CommandLine;
using LatentDb.Cli;
using LatentDb.Cli.Commands;
using LatentDb.Cli.Commands.Access;
using LatentDb.Cli.Commands.Data;
using LatentDb.Cli.Commands.Demos;
using LatentDb.Cli.Commands.Evaluating;
using LatentDb.Cli.Commands.Mcp;
using LatentDb.Cli.Commands.Setup;
using LatentDb.Cli.Commands.Talking;
using LatentDb.Cli.Commands.Writing;
using LatentDb.Cli.Settings;

var settings = new CliSettings();
var root = new RootCommand(
    """
    latentdb: the command line of LatentDB.

    Exit codes: 0 done, 1 refused by the server, 2 wrong command line or configuration, 3 server unreachable, 4 key missing or not allowed, 130 interrupted.
    """)
{
    Demo.Create(settings),
    Serve.Create(),
    Memories.Create(settings),
    Inject.Create(settings),
    Operations.Create(settings),
    Ask.Create(settings),
    Chat.Create(settings),
    Versions.Create(settings),
    Snapshots.Create(settings),
    Rollback.Create(settings),
    History.Create(settings),
    Diff.Create(settings),
    Fork.Create(settings),
    Erase.Create(settings),
    Export.Create((command, verb) => command.Runs(settings, verb)),
    Import.Create((command, verb) => command.Runs(settings, verb)),
    McpVerb.Create(settings),
    Eval.Create(settings),
    Store.Create(settings),
    Keys.Create(settings),
    Me.Create(settings),
    Usage.Create(settings),
    Tenants.Create(settings),
    Audit.Create(settings),
    Config.Create(settings),
};
root.Add(CompletionVerb.Create(root));
settings.AddTo(root);

// A server that is told to stop by Ctrl-C finishes what runs; this program waits for it instead of being ended first.
ParseResult parsed = root.Parse(args);
int exit = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = ServerProgram.StopLimit }).ConfigureAwait(false);
return parsed.Errors.Count > 0 ? ExitCode.Usage : exit;
