using System.Text;

namespace LatentDb.Cli.Completion;

/// <summary>The script for bash.</summary>
internal static class BashScript
{
    public static string Of(IReadOnlyList<CommandPlace> places)
    {
        var words = new StringBuilder();
        foreach (CommandPlace place in places)
        {
            string all = string.Join(' ', place.Verbs.Select(v => v.Text).Concat(place.Options.SelectMany(o => o.Names)));
            words.Append($"    '{place.Path}') words='{all}' ;;\n");
        }

        return $$"""
            # Completion of latentdb for bash; made by 'latentdb completion bash'.
            _latentdb() {
              local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" place='' words='' i
              for ((i = 1; i < COMP_CWORD; i++)); do
                case "${COMP_WORDS[i]}" in
                  {{string.Join('|', CommandPlace.Names(places, o => o.TakesValue))}}) ((i++)); continue ;;
                esac
                case "$place ${COMP_WORDS[i]}" in
                  {{string.Join('|', CommandPlace.Steps(places))}}) place="${place:+$place }${COMP_WORDS[i]}" ;;
                esac
              done
              COMPREPLY=()
              case "$before" in
                {{string.Join('|', CommandPlace.Names(places, o => o.TakesPath))}}) COMPREPLY=($(compgen -f -- "$current")); return ;;
                {{string.Join('|', CommandPlace.Names(places, o => o.TakesValue && !o.TakesPath))}}) return ;;
              esac
              case "$place" in
            {{words.ToString().TrimEnd('\n')}}
              esac
              COMPREPLY=($(compgen -W "$words" -- "$current"))
            }
            complete -o default -F _latentdb latentdb

            """;
    }
}
