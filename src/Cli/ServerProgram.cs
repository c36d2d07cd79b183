using System.Diagnostics;
using System.Globalization;
using LatentDb.Cli.Commands;

namespace LatentDb.Cli;

/// <summary>The built server. It is a program of its own: the command line shares no code with it.</summary>
internal sealed class ServerProgram
{
    private const string Assembly = "LatentDb.Silo.dll";

    private readonly string _path;

    private ServerProgram(string path) => _path = path;

    /// <summary>Next to this program when both were published together, else in the checkout that this program was built in.</summary>
    /// <exception cref="UsageException">It is in neither place.</exception>
    public static ServerProgram Find()
    {
        string beside = Path.Combine(AppContext.BaseDirectory, Assembly);
        if (File.Exists(beside)) return new ServerProgram(beside);

        // src/Cli/bin/<configuration>/<framework>/ has its counterpart under src/Silo.
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string framework = output.Name;
        string? configuration = output.Parent?.Name;
        for (DirectoryInfo? folder = output; folder is not null; folder = folder.Parent)
        {
            string built = Path.Combine(folder.FullName, "src", "Silo", "bin", configuration ?? string.Empty, framework, Assembly);
            if (File.Exists(built)) return new ServerProgram(built);
        }

        throw new UsageException($"The server ({Assembly}) is neither next to this program nor in the checkout; build it with 'dotnet build src/Silo'.");
    }

    /// <summary>How to start it with these arguments.</summary>
    public ProcessStartInfo Start(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false };
        start.ArgumentList.Add(_path);
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return start;
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
