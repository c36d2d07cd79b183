using System.Text.RegularExpressions;
using LatentDb.Testing;

namespace LatentDb.Architecture;

/// <summary>What the documents name must exist.</summary>
public sealed partial class DocsTests
{
    private static readonly string[] Roots = ["src/", "tests/", "bench/", "docs/", "training/", "models/", "k8s/", "clients/", "examples/", ".ci/"];

    public static TheoryData<string> Documents =>
    [
        .. Directory.EnumerateFiles(RepositoryFiles.Root, "*.md", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(RepositoryFiles.Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(part => part is "bin" or "obj" or "node_modules" or "data" or "runs"))
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_path_in_backticks_exists(string document)
    {
        string text = File.ReadAllText(RepositoryFiles.Combine(document));

        IEnumerable<string> missing = InBackticks().Matches(text)
            .Select(m => m.Groups[1].Value)
            .Where(IsPath)
            .Where(path => !Exists(path));

        Assert.Empty(missing);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_relative_link_leads_somewhere(string document)
    {
        string folder = Path.GetDirectoryName(RepositoryFiles.Combine(document))!;
        string text = File.ReadAllText(RepositoryFiles.Combine(document));

        IEnumerable<string> missing = Links().Matches(text)
            .Select(m => m.Groups[1].Value.Split('#')[0])
            .Where(link => link.Length > 0 && !link.Contains(':', StringComparison.Ordinal))
            .Where(link => !Path.Exists(Path.Combine(folder, link)));

        Assert.Empty(missing);
    }

    private static bool IsPath(string text) =>
        Roots.Any(root => text.StartsWith(root, StringComparison.Ordinal)) && !text.Any(c => c is ' ' or '*' or '<' or '{' or '$' or '…');

    private static bool Exists(string path) => Path.Exists(RepositoryFiles.Combine(path.Split(':')[0].TrimEnd('/')));

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex InBackticks();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Links();
}
