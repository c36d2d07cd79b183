using System.IO.Enumeration;
using System.Text;
using System.Text.RegularExpressions;

namespace LatentDb.Cli.Commands.Writing;

/// <summary>Which files of a folder are meant: names with * and ?, and of whole paths also ** for any number of folders.</summary>
internal sealed class NamePatterns(string[] include, string[] exclude)
{
    private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(1);

    /// <summary>True when some --include fits (or there is none) and no --exclude does.</summary>
    /// <param name="path">Relative to the folder, with slashes.</param>
    public bool Takes(string path) => (include.Length == 0 || Fits(include, path)) && !Fits(exclude, path);

    /// <summary>A pattern of whole paths, made into a regular expression.</summary>
    public static Regex OfPath(string pattern)
    {
        var text = new StringBuilder("^");
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern.AsSpan(i).StartsWith("**/"))
            {
                text.Append("(?:[^/]+/)*");
                i += 2;
            }
            else if (pattern.AsSpan(i).StartsWith("**"))
            {
                text.Append(".*");
                i++;
            }
            else
            {
                text.Append(pattern[i] switch { '*' => "[^/]*", '?' => "[^/]", var c => Regex.Escape(c.ToString()) });
            }
        }

        return new Regex(text.Append('$').ToString(), RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, MatchLimit);
    }

    /// <summary>A pattern without a slash is about the name in whatever folder, like in .gitignore.</summary>
    private static bool Fits(string[] patterns, string path) => patterns.Any(pattern => pattern.Contains('/', StringComparison.Ordinal)
        ? OfPath(pattern).IsMatch(path)
        : FileSystemName.MatchesSimpleExpression(pattern, path.AsSpan(path.LastIndexOf('/') + 1), ignoreCase: false));
}
