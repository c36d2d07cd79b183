using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Cli;

/// <summary>The scripts of <c>completion</c>, read by the shells that they are for. No server runs.</summary>
public sealed class CompletionTests
{
    [RequiresCommandFact("bash")]
    public async Task Bash_completes_verbs_their_verbs_options_and_files()
    {
        using var folder = new TempFolder();
        string script = await ScriptAsync(folder, "bash");
        const string ask = """
            complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _latentdb; echo "${COMPREPLY[*]}"; }
            complete_line latentdb mem
            complete_line latentdb snapshot ""
            complete_line latentdb --server memories snapshot cr
            complete_line latentdb ask bob --max
            complete_line latentdb inject bob --file /et
            complete_line latentdb ask bob --at ""
            echo end
            """;

        string[] lines = (await Shell.RunAsync($"source '{script}'\n{ask}")).TrimEnd('\n').Split('\n');

        Assert.Equal("memories", lines[0]);
        Assert.StartsWith("create list delete --", lines[1], StringComparison.Ordinal);
        Assert.Equal("create", lines[2]);
        Assert.Equal("--max-tokens", lines[3]);
        Assert.Equal("/etc", lines[4]);
        Assert.Equal([string.Empty, "end"], lines[5..]);
    }

    [RequiresCommandFact("zsh")]
    public async Task Zsh_completes_verbs_their_verbs_and_options()
    {
        using var folder = new TempFolder();
        string script = await ScriptAsync(folder, "zsh");
        string test = Path.Combine(folder.Path, "test.zsh");
        await File.WriteAllTextAsync(test, $$"""
            autoload -Uz compinit && compinit -u -D -d '{{folder.Path}}/dump'
            source '{{script}}'
            (( ${+_comps[latentdb]} )) || { echo 'not registered'; exit 1 }
            _describe() { local list="${@[-1]}"; print -r -- "$3: ${${(P)list}[*]}"; }
            _files() { print files; }
            complete_line() { words=("$@"); CURRENT=$#; _latentdb; }
            complete_line latentdb ''
            complete_line latentdb snapshot ''
            complete_line latentdb ask bob --
            complete_line latentdb inject bob --file ''
            """);

        (int exitCode, string output) = await Shell.RunToEndAsync("zsh", "-f", test);

        Assert.True(exitCode == 0, output);
        string[] lines = output.TrimEnd('\n').Split('\n');
        Assert.Contains("memories:Create, list, show and erase memories", lines[0], StringComparison.Ordinal);
        Assert.Contains("create:Name a version", lines[1], StringComparison.Ordinal);
        Assert.Contains("--max-tokens:At most", lines[2], StringComparison.Ordinal);
        Assert.Equal("files", lines[3]);
    }

    [RequiresCommandFact("fish")]
    public async Task Fish_completes_verbs_their_verbs_and_options()
    {
        using var folder = new TempFolder();
        string script = await ScriptAsync(folder, "fish");
        string commands = $"source '{script}'; for line in 'latentdb mem' 'latentdb snapshot cr' 'latentdb ask bob --max'; complete -C $line; end";

        (int exitCode, string output) = await Shell.RunToEndAsync("fish", "--no-config", "-c", commands);

        Assert.True(exitCode == 0, output);
        Assert.Equal(["memories", "create", "--max-tokens"], output.TrimEnd('\n').Split('\n').Select(l => l.Split('\t')[0]));
    }

    private static async Task<string> ScriptAsync(TempFolder folder, string shell)
    {
        string path = Path.Combine(folder.Path, $"latentdb.{shell}");
        await File.WriteAllTextAsync(path, await new CommandLine().OkAsync("completion", shell));
        return path;
    }
}
