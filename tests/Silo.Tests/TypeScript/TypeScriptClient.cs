using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.TypeScript;

/// <summary>The client under clients/typescript: where it is, and how it is compiled.</summary>
internal static class TypeScriptClient
{
    public static string Folder => RepositoryFiles.Combine("clients", "typescript");

    public static string Compiler => Path.Combine(Folder, "node_modules", "typescript", "bin", "tsc");

    /// <summary>Checks the types and writes JavaScript into a folder.</summary>
    public static async Task CompileAsync(string output)
    {
        (int exitCode, string said) = await Shell.RunToEndAsync("node", Compiler, "-p", Folder, "--outDir", output);
        Assert.True(exitCode == 0, said);

        // Node takes the files for modules because a package.json above them says so; the output is elsewhere.
        await File.WriteAllTextAsync(Path.Combine(output, "package.json"), """{"type":"module"}""");
    }
}
