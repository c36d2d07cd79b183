using System.Globalization;
using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Cli;

/// <summary>The command line as it is installed: from a package, outside of the checkout, with the server and the small model in it.</summary>
public sealed class ToolPackageTests
{
    [Fact]
    public async Task The_installed_tool_runs_the_demo_outside_of_the_checkout()
    {
        using var folder = new TempFolder();
        await InstallAsync(folder.Path);
        var tool = new CommandLine { Program = [Path.Combine(folder.Path, "tool", OperatingSystem.IsWindows() ? "latentdb.exe" : "latentdb")] };

        string version = await tool.OkAsync("--version");
        string demo = await tool.OkAsync("demo");

        Assert.Matches(@"^\d+\.\d+\.\d+", version);
        Assert.Contains("All answers are right", demo, StringComparison.Ordinal);
    }

    private static async Task InstallAsync(string folder)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

        // A version of its own: what NuGet has cached under a version it never reads again.
        string version = string.Create(CultureInfo.InvariantCulture, $"0.0.1-test.{Environment.ProcessId}");
        string project = RepositoryFiles.Combine("src", "Cli", "Cli.csproj");
        await SucceedAsync("pack", project, "--no-build", "-c", output.Parent!.Name, "-o", folder, $"-p:PackageVersion={version}", "-nodeReuse:false");
        string sources = Path.Combine(folder, "nuget.config");
        await File.WriteAllTextAsync(sources, $"""<configuration><packageSources><clear /><add key="here" value="{folder}" /></packageSources></configuration>""");
        await SucceedAsync("tool", "install", "LatentDb.Tool", "--version", version, "--tool-path", Path.Combine(folder, "tool"), "--configfile", sources);
    }

    private static async Task SucceedAsync(params string[] arguments)
    {
        (int exitCode, string output) = await Shell.RunToEndAsync("dotnet", arguments);
        Assert.True(exitCode == 0, $"dotnet {string.Join(' ', arguments)}\n{output}");
    }
}
