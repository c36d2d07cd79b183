using System.Diagnostics;

namespace LatentDb.Silo.Tests.Support;

/// <summary>Runs commands as a person at a terminal would.</summary>
internal static class Shell
{
    /// <summary>One command line in a shell; returns what it printed.</summary>
    public static async Task<string> RunAsync(string commandLine, string? workingDirectory = null)
    {
        (int exitCode, string output) = await RunInAsync("bash", workingDirectory, "-euo", "pipefail", "-c", commandLine);
        Assert.True(exitCode == 0, $"{commandLine}\nended with {exitCode}: {output}");
        return output;
    }

    public static Task<(int ExitCode, string Output)> RunToEndAsync(string program, params string[] arguments) => RunInAsync(program, null, arguments);

    private static async Task<(int ExitCode, string Output)> RunInAsync(string program, string? workingDirectory, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (workingDirectory is not null) start.WorkingDirectory = workingDirectory;
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}
