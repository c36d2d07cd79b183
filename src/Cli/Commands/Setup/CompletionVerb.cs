using System.CommandLine;
using LatentDb.Cli.Completion;

namespace LatentDb.Cli.Commands.Setup;

/// <summary>completion bash | zsh | fish: a script that completes verbs and options, without asking a server or starting this program.</summary>
internal static class CompletionVerb
{
    /// <param name="root">All verbs; read when the verb runs, so that none is missed.</param>
    public static Command Create(RootCommand root) => new("completion", "Print a script that completes verbs and options.")
    {
        For("bash", "~/.local/share/bash-completion/completions/latentdb", () => BashScript.Of(CommandPlace.AllOf(root))),
        For("zsh", "_latentdb in a folder of $fpath", () => ZshScript.Of(CommandPlace.AllOf(root))),
        For("fish", "~/.config/fish/completions/latentdb.fish", () => FishScript.Of(CommandPlace.AllOf(root))),
    };

    private static Command For(string shell, string place, Func<string> script)
    {
        var command = new Command(shell, $"For {shell}; belongs into {place}.");
        command.SetAction(_ => Console.Out.Write(script()));
        return command;
    }
}
