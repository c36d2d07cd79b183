using System.CommandLine;

namespace LatentDb.Cli.Completion;

/// <summary>A verb with what may follow it: what the scripts of all shells are made from.</summary>
/// <param name="Path">Words that lead here, such as <c>snapshot create</c>; empty for the program itself.</param>
/// <param name="Verbs">Verbs below it.</param>
/// <param name="Options">Options that it takes, those of all verbs included.</param>
internal sealed record CommandPlace(string Path, IReadOnlyList<CompletionWord> Verbs, IReadOnlyList<CompletionOption> Options)
{
    /// <summary>Every place, the program itself first.</summary>
    public static IReadOnlyList<CommandPlace> AllOf(RootCommand root) => [.. Walk(root, string.Empty, [])];

    private static IEnumerable<CommandPlace> Walk(Command command, string path, IReadOnlyList<Option> inherited)
    {
        Option[] recursive = [.. inherited, .. command.Options.Where(o => o.Recursive)];
        IEnumerable<Option> own = command.Options.Concat(inherited).Where(o => !o.Hidden).DistinctBy(o => o.Name);
        yield return new CommandPlace(
            path,
            [.. command.Subcommands.Where(c => !c.Hidden).Select(c => new CompletionWord(c.Name, FirstLine(c.Description)))],
            [.. own.Select(CompletionOption.Of)]);
        foreach (Command verb in command.Subcommands.Where(c => !c.Hidden))
        {
            foreach (CommandPlace place in Walk(verb, path.Length == 0 ? verb.Name : $"{path} {verb.Name}", recursive)) yield return place;
        }
    }

    /// <summary>Every step into a verb, quoted: the place so far, a blank, the word.</summary>
    public static IEnumerable<string> Steps(IReadOnlyList<CommandPlace> places) =>
        places.Where(p => p.Path.Length > 0).Select(p => p.Path.Contains(' ', StringComparison.Ordinal) ? $"'{p.Path}'" : $"' {p.Path}'");

    /// <summary>All spellings of the options that are meant.</summary>
    public static IEnumerable<string> Names(IReadOnlyList<CommandPlace> places, Func<CompletionOption, bool> which) =>
        places.SelectMany(p => p.Options).Where(which).SelectMany(o => o.Names).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    internal static string FirstLine(string? text)
    {
        string line = (text ?? string.Empty).Split('\n')[0];
        int end = line.IndexOf(';', StringComparison.Ordinal);
        return (end < 0 ? line : line[..end]).TrimEnd('.', ' ');
    }
}

/// <summary>A word with what it is for.</summary>
internal sealed record CompletionWord(string Text, string Description);

/// <summary>An option.</summary>
/// <param name="Names">All its spellings, the long one first.</param>
/// <param name="Description">What it is for.</param>
/// <param name="TakesValue">A value follows it.</param>
/// <param name="TakesPath">The value is a file or a folder.</param>
internal sealed record CompletionOption(IReadOnlyList<string> Names, string Description, bool TakesValue, bool TakesPath)
{
    private static readonly string[] PathNames = ["--file", "--key-file", "--passphrase-file", "--recipient", "--private-key", "--data", "--model"];

    public static CompletionOption Of(Option option) => new(
        [option.Name, .. option.Aliases.Where(a => a.All(c => c == '-' || char.IsAsciiLetter(c))).Order(StringComparer.Ordinal)],
        CommandPlace.FirstLine(option.Description),
        option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool),
        PathNames.Contains(option.Name, StringComparer.Ordinal));
}
