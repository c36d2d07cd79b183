using Xunit;

namespace LatentDb.Testing;

/// <summary>A test that needs an optional command on PATH; without it the test is reported as skipped, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresCommandFactAttribute : FactAttribute
{
    public RequiresCommandFactAttribute(string command)
    {
        Command = command;
        if (!IsOnPath(command)) Skip = $"'{command}' is not on PATH; .ci/run installs it.";
    }

    public string Command { get; }

    private static bool IsOnPath(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, command)));
}
