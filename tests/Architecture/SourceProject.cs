using LatentDb.Testing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace LatentDb.Architecture;

/// <summary>The C# files of one project under src, parsed once.</summary>
internal sealed class SourceProject
{
    private SourceProject(string name, IReadOnlyList<SourceFile> files)
    {
        Name = name;
        Files = files;
    }

    public string Name { get; }

    public IReadOnlyList<SourceFile> Files { get; }

    public static SourceProject Load(string name)
    {
        string root = RepositoryFiles.Combine("src", name);
        IEnumerable<SourceFile> files = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'))
            .Where(path => !path.StartsWith("obj/", StringComparison.Ordinal) && !path.StartsWith("bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(path => SourceFile.Parse(root, path));
        return new SourceProject(name, [.. files]);
    }

    public static IEnumerable<SourceProject> All() =>
        Directory.EnumerateDirectories(RepositoryFiles.Combine("src")).Select(Path.GetFileName).Order(StringComparer.Ordinal).Select(name => Load(name!));

    public CSharpCompilation Compile()
    {
        IEnumerable<MetadataReference> platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path => path.EndsWith(".dll", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path));
        return CSharpCompilation.Create(Name, Files.Select(f => f.Tree), platform, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
    }
}

/// <summary>One parsed file; <paramref name="Room"/> is its top-level folder, empty for the project's root.</summary>
internal sealed record SourceFile(string Path, string Room, SyntaxTree Tree, int Lines)
{
    public static SourceFile Parse(string root, string path)
    {
        string text = File.ReadAllText(System.IO.Path.Combine(root, path));
        int slash = path.IndexOf('/', StringComparison.Ordinal);
        SyntaxTree tree = CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview), path);

        // Program.cs stands in the root because that is where one looks for it; it belongs to the room that puts the process together.
        string room = path == "Program.cs" ? "Composition" : slash < 0 ? string.Empty : path[..slash];
        return new SourceFile(path, room, tree, tree.GetText().Lines.Count);
    }
}
