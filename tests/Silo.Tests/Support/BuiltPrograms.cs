using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Support;

/// <summary>Where the build of this configuration has put the programs.</summary>
internal static class BuiltPrograms
{
    public static string Path(string project)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(System.IO.Path.DirectorySeparatorChar));
        return RepositoryFiles.Combine("src", project, "bin", output.Parent!.Name, output.Name, $"LatentDb.{project}.dll");
    }
}
