using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Cli;

/// <summary>A server of the command line's own that does not come up.</summary>
public sealed class ServerStartTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // The process is gone before its last words have been read; they hold what an operator can repair.
    [Fact]
    public async Task The_reason_is_told_even_where_it_comes_after_the_end_of_the_process()
    {
        if (OperatingSystem.IsWindows()) return; // A script stands for .NET.
        string host = _folder.Combine("dotnet");
        await File.WriteAllTextAsync(host, "#!/bin/sh\n(sleep 0.3; echo 'latentdb: The folder is of a newer format.' >&2) &\nexit 1\n");
        File.SetUnixFileMode(host, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        Outcome demo = await new CommandLine().With("DOTNET_ROOT", _folder.Path).RunAsync("demo");

        Assert.NotEqual(0, demo.ExitCode);
        Assert.Contains("The folder is of a newer format.", demo.ToString(), StringComparison.Ordinal);
    }
}
