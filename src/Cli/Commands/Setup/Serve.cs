using System.CommandLine;

namespace LatentDb.Cli.Commands.Setup;

/// <summary>serve: runs the server in this terminal.</summary>
internal static class Serve
{
    public static Command Create()
    {
        var arguments = new Argument<string[]>("arguments") { Description = "Passed on: --urls, --data, --model and the others of appsettings.json." };
        var command = new Command("serve", "Run the server; what follows is passed on to it.") { arguments };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, cancellationToken) => VerbRunner.GuardAsync(
            isJson: false,
            () => ServerProgram.Find().RunAsync([.. parsed.GetValue(arguments) ?? [], .. parsed.UnmatchedTokens], cancellationToken)));
        return command;
    }
}
