using System.Diagnostics;
using System.Globalization;

namespace LatentDb.Cli;

/// <summary>The built server. It is a program of its own: the command line shares no code with it.</summary>
internal sealed class ServerProgram
{
    private const string Assembly = "LatentDb.Silo.dll";

    /// <summary>A server drains 25 s by default; a little longer is patience, much longer a hang.</summary>
    public static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    private readonly string _path;

    private ServerProgram(string path) => _path = path;

    /// <summary>Below this program when it was installed as a tool, next to it when both were published together, else in the checkout that it was built in.</summary>
    /// <exception cref="UsageException">It is in none of these places.</exception>
    public static ServerProgram Find()
    {
        string[] installed = [Path.Combine(AppContext.BaseDirectory, "server", Assembly), Path.Combine(AppContext.BaseDirectory, Assembly)];
        if (Array.Find(installed, File.Exists) is { } found) return new ServerProgram(found);

        // src/Cli/bin/<configuration>/<framework>/ has its counterpart under src/Silo.
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string framework = output.Name;
        string? configuration = output.Parent?.Name;
        for (DirectoryInfo? folder = output; folder is not null; folder = folder.Parent)
        {
            string built = Path.Combine(folder.FullName, "src", "Silo", "bin", configuration ?? string.Empty, framework, Assembly);
            if (File.Exists(built)) return new ServerProgram(built);
        }

        throw new UsageException($"The server ({Assembly}) is neither with this program nor in the checkout; build it with 'dotnet build src/Silo'.");
    }

    /// <summary>How to start it with these arguments.</summary>
    public ProcessStartInfo Start(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(DotnetHost()) { UseShellExecute = false };
        start.ArgumentList.Add(_path);
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }

    /// <summary>A .NET that is in no usual place is named by DOTNET_ROOT, which the tool itself was found through.</summary>
    private static string DotnetHost()
    {
        string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        string? named = Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root ? Path.Combine(root, name) : null;
        return named is not null && File.Exists(named) ? named : name;
    }

    /// <summary>Runs it in this terminal until it ends; cancelling asks it to stop. Returns its exit code.</summary>
    public async Task<int> RunAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using Process process = Process.Start(Start(arguments)) ?? throw new InvalidOperationException("The server could not be started.");
        CancellationTokenRegistration registration = cancellationToken.Register(() => Terminate(process.Id));
        await using (registration.ConfigureAwait(false))
        {
            // Not cancelled: after the request to stop, the server drains, and only its end is the end.
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        return process.ExitCode;
    }

    /// <summary>SIGTERM; .NET itself can only kill. On Windows, Ctrl-C has reached the server already.</summary>
    public static void Terminate(int processId)
    {
        if (OperatingSystem.IsWindows()) return;
        using Process? kill = Process.Start("kill", ["-TERM", processId.ToString(CultureInfo.InvariantCulture)]);
    }
}
