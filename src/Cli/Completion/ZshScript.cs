using System.Text;

namespace LatentDb.Cli.Completion;

/// <summary>The script for zsh.</summary>
internal static class ZshScript
{
    public static string Of(IReadOnlyList<CommandPlace> places)
    {
        var entries = new StringBuilder();
        foreach (CommandPlace place in places)
        {
            entries.Append($"    '{place.Path}')\n");
            entries.Append($"      verbs=({string.Join(' ', place.Verbs.Select(v => Entry(v.Text, v.Description)))})\n");
            entries.Append($"      flags=({string.Join(' ', place.Options.SelectMany(o => o.Names.Select(n => Entry(n, o.Description))))}) ;;\n");
        }

        return $$"""
            #compdef latentdb
            # Completion of latentdb for zsh; made by 'latentdb completion zsh'.
            _latentdb() {
              local place='' i word
              local -a verbs flags
              for ((i = 2; i < CURRENT; i++)); do
                word="${words[i]}"
                case "$word" in
                  {{string.Join('|', CommandPlace.Names(places, o => o.TakesValue))}}) ((i++)); continue ;;
                esac
                case "$place $word" in
                  {{string.Join('|', CommandPlace.Steps(places))}}) place="${place:+$place }$word" ;;
                esac
              done
              case "${words[CURRENT-1]}" in
                {{string.Join('|', CommandPlace.Names(places, o => o.TakesPath))}}) _files; return ;;
                {{string.Join('|', CommandPlace.Names(places, o => o.TakesValue && !o.TakesPath))}}) return ;;
              esac
              case "$place" in
            {{entries.ToString().TrimEnd('\n')}}
              esac
              if (( ${#verbs} )); then _describe -t verbs 'verb' verbs; fi
              if [[ "${words[CURRENT]}" == -* ]]; then
                _describe -t options 'option' flags
              elif (( ! ${#verbs} )); then
                _files
              fi
            }
            if [[ "${funcstack[1]}" == _latentdb ]]; then _latentdb "$@"; else compdef _latentdb latentdb; fi

            """;
    }

    /// <summary>word:description, quoted for the shell; a colon in either ends it early unless it is escaped.</summary>
    private static string Entry(string word, string description) =>
        $"'{word.Replace(":", "\\:", StringComparison.Ordinal)}:{description.Replace("'", "'\\''", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal)}'";
}
