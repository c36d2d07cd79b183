using System.Text;

namespace LatentDb.Cli.Completion;

/// <summary>The script for fish.</summary>
internal static class FishScript
{
    public static string Of(IReadOnlyList<CommandPlace> places)
    {
        var lines = new StringBuilder();
        foreach (CommandPlace place in places)
        {
            string at = $"complete -c latentdb -n '__latentdb_is_at \"{place.Path}\"'";

            // After a verb that has verbs below it no file can stand.
            string files = place.Verbs.Count > 0 ? " -f" : string.Empty;
            foreach (CompletionWord verb in place.Verbs) lines.Append($"{at}{files} -a {verb.Text} -d {Quoted(verb.Description)}\n");
            foreach (CompletionOption option in place.Options) lines.Append($"{at} {string.Join(' ', option.Names.Select(Spelling))}{Value(option)} -d {Quoted(option.Description)}\n");
        }

        return $$"""
            # Completion of latentdb for fish; made by 'latentdb completion fish'.
            function __latentdb_is_at
                set -l place ''
                set -l skip 0
                for word in (commandline -opc)[2..-1]
                    if test $skip -eq 1
                        set skip 0
                        continue
                    end
                    switch $word
                        case {{string.Join(' ', CommandPlace.Names(places, o => o.TakesValue))}}
                            set skip 1
                            continue
                    end
                    switch "$place $word"
                        case {{string.Join(' ', CommandPlace.Steps(places))}}
                            set place (string trim "$place $word")
                    end
                end
                test "$place" = "$argv[1]"
            end

            {{lines}}
            """;
    }

    private static string Spelling(string name) =>
        name.StartsWith("--", StringComparison.Ordinal) ? $"-l {name[2..]}" : name.Length == 2 && name[0] == '-' ? $"-s {name[1..]}" : $"-a {Quoted(name)}";

    private static string Value(CompletionOption option) => option switch
    {
        { TakesPath: true } => " -r -F",
        { TakesValue: true } => " -x",
        _ => string.Empty,
    };

    private static string Quoted(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
