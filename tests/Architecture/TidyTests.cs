using System.Text.Json;
using LatentDb.Testing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace LatentDb.Architecture;

/// <summary>
/// Sizes and habits of STYLE. ratchet.json lists today's exceptions with their size: the test fails when one grows, when a new one appears, and
/// when one has shrunk and its entry can be lowered.
/// </summary>
public sealed class TidyTests
{
    private const int MaxFileLines = 400;
    private const int MaxMethodLines = 60;
    private const int MaxTypeLines = 600;
    private const int MaxFilesPerFolder = 20;

    private static readonly string[] ForbiddenNameParts = ["Utils", "Util", "Helper", "Helpers", "Manager"];

    [Fact]
    public void Files_methods_and_types_stay_within_their_sizes_or_the_ratchet()
    {
        Dictionary<string, int> allowed = ReadRatchet();
        var found = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (SourceProject project in SourceProject.All()) Measure(project, found);

        IEnumerable<string> grown = found.Where(f => f.Value > allowed.GetValueOrDefault(f.Key)).Select(f => $"{f.Key} has {f.Value} lines");
        IEnumerable<string> shrunk = allowed.Where(a => found.GetValueOrDefault(a.Key) < a.Value).Select(a => $"lower ratchet.json: {a.Key} is now {found.GetValueOrDefault(a.Key)}");

        Assert.Empty(grown);
        Assert.Empty(shrunk);
    }

    /// <summary>Variants of one kernel (Gemm.cs, Gemm.Avx2.cs) count as one file.</summary>
    [Fact]
    public void A_folder_holds_at_most_twenty_files()
    {
        IEnumerable<string> wrong = SourceProject.All()
            .SelectMany(p => p.Files.GroupBy(f => $"src/{p.Name}/{Path.GetDirectoryName(f.Path)}"))
            .Select(g => (Folder: g.Key, Files: g.Select(f => Path.GetFileName(f.Path).Split('.')[0]).Distinct(StringComparer.Ordinal).Count()))
            .Where(g => g.Files > MaxFilesPerFolder)
            .Select(g => $"{g.Folder} holds {g.Files} files");

        Assert.Empty(wrong);
    }

    [Fact]
    public void No_type_is_named_after_a_place_to_put_things()
    {
        IEnumerable<string> wrong = SourceProject.All()
            .SelectMany(p => p.Files)
            .SelectMany(f => f.Tree.GetRoot().DescendantNodes().OfType<BaseTypeDeclarationSyntax>())
            .Select(t => t.Identifier.Text)
            .Where(name => ForbiddenNameParts.Any(part => name.EndsWith(part, StringComparison.Ordinal)));

        Assert.Empty(wrong);
    }

    [Fact]
    public void No_file_has_regions()
    {
        IEnumerable<string> wrong = SourceProject.All()
            .SelectMany(p => p.Files.Select(f => (Path: $"src/{p.Name}/{f.Path}", f.Tree)))
            .Where(x => x.Tree.GetRoot().DescendantTrivia().Any(t => t.IsKind(SyntaxKind.RegionDirectiveTrivia)))
            .Select(x => x.Path);

        Assert.Empty(wrong);
    }

    private static void Measure(SourceProject project, SortedDictionary<string, int> found)
    {
        var types = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (SourceFile file in project.Files)
        {
            string path = $"src/{project.Name}/{file.Path}";
            if (file.Lines > MaxFileLines) found[path] = file.Lines;
            foreach (BaseMethodDeclarationSyntax method in file.Tree.GetRoot().DescendantNodes().OfType<BaseMethodDeclarationSyntax>())
            {
                int lines = LinesOf(method);
                if (lines > MaxMethodLines) found[$"{path}: {NameOf(method)}"] = lines;
            }

            foreach (TypeDeclarationSyntax type in file.Tree.GetRoot().DescendantNodes().OfType<TypeDeclarationSyntax>())
            {
                string name = $"src/{project.Name}: type {type.Identifier.Text}";
                types[name] = types.GetValueOrDefault(name) + LinesOf(type);
            }
        }

        foreach ((string name, int lines) in types)
        {
            if (lines > MaxTypeLines) found[name] = lines;
        }
    }

    private static int LinesOf(SyntaxNode node)
    {
        FileLinePositionSpan span = node.SyntaxTree.GetLineSpan(node.Span);
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }

    private static string NameOf(BaseMethodDeclarationSyntax method) => method switch
    {
        MethodDeclarationSyntax m => m.Identifier.Text,
        ConstructorDeclarationSyntax c => c.Identifier.Text + " constructor",
        _ => method.Kind().ToString(),
    };

    private static Dictionary<string, int> ReadRatchet() =>
        JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllText(RepositoryFiles.Combine("tests", "Architecture", "ratchet.json")))!;
}
