using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace LatentDb.Testing;

/// <summary>A PostgreSQL server of one test: its own folder, reached by a socket in it, so that no port is taken; gone when disposed.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "latentdb";

    /// <summary>PostgreSQL refuses to run as root; Debian's package makes this user.</summary>
    private const string SystemUser = "postgres";

    private readonly TempFolder _folder;
    private readonly Process _process;

    private PostgresServer(TempFolder folder, Process process)
    {
        _folder = folder;
        _process = process;
        ConnectionString = $"Host={folder.Path};{Rest}";
    }

    /// <summary>Folder of initdb and postgres; null when they are not there.</summary>
    public static string? Programs { get; } = FindPrograms();

    /// <summary>For Npgsql.</summary>
    public string ConnectionString { get; }

    /// <summary>The connection string without the host, for who comes by another way.</summary>
    public const string Rest = $"Username={User};Database=postgres;Timeout=5;Command Timeout=10;SSL Mode=Disable";

    /// <summary>Where it listens.</summary>
    public EndPoint Socket => new UnixDomainSocketEndPoint(_folder.Combine(".s.PGSQL.5432"));

    /// <summary>Starts a server and returns when it takes connections.</summary>
    public static async Task<PostgresServer> StartAsync()
    {
        var folder = new TempFolder();
        if (Environment.IsPrivilegedProcess) await RunAsync("chown", SystemUser, folder.Path);
        string data = folder.Combine("data");
        await RunAsync(Unprivileged(Path.Combine(Programs!, "initdb"), "-D", data, "-U", User, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"));

        // A session of its own: what is sent to the tests' group is not for it. What it holds need not outlast the test.
        string[] server = Unprivileged(
            Path.Combine(Programs!, "postgres"), "-D", data, "-k", folder.Path, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=200");
        Process process = Start(["setsid", .. server]);
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null) ready.TrySetException(new InvalidOperationException("PostgreSQL ended before it took connections."));
            else if (line.Data.Contains("ready to accept connections", StringComparison.Ordinal)) ready.TrySetResult();
        };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        await ready.Task.WaitAsync(TimeSpan.FromMinutes(1));
        return new PostgresServer(folder, process);
    }

    /// <summary>Stops all of its processes where they are: it neither answers nor refuses.</summary>
    public async Task PauseAsync()
    {
        await SignalAsync("STOP", [_process.Id]); // First, so that no more are made.
        await SignalAsync("STOP", Children());
    }

    /// <summary>Wakes them.</summary>
    public Task ResumeAsync() => SignalAsync("CONT", [.. Children(), _process.Id]);

    /// <summary>As <see cref="DisposeAsync"/>, for who cannot wait; what has been written may be in the folder still.</summary>
    public void EndNow()
    {
        using Process kill = Start(["kill", "-QUIT", "--", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await ResumeAsync();
        await SignalAsync("QUIT", [_process.Id]);
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        _process.Dispose();
        _folder.Dispose();
    }

    private static string? FindPrograms()
    {
        const string Installed = "/usr/lib/postgresql";
        if (!Directory.Exists(Installed)) return null;
        return Directory.EnumerateDirectories(Installed).Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault();
    }

    private static string[] Unprivileged(params string[] command) =>
        Environment.IsPrivilegedProcess ? ["setpriv", $"--reuid={SystemUser}", $"--regid={SystemUser}", "--clear-groups", .. command] : command;

    /// <summary>Those that serve connections and work behind: each is the head of a session of its own, so that no signal to a group reaches them.</summary>
    private int[] Children() =>
        [.. File.ReadAllText($"/proc/{_process.Id}/task/{_process.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture))];

    /// <summary>One of them may have ended meanwhile; that is no failure.</summary>
    private static async Task SignalAsync(string signal, int[] processes)
    {
        using Process kill = Start(["kill", $"-{signal}", "--", .. processes.Select(id => id.ToString(CultureInfo.InvariantCulture))]);
        await kill.WaitForExitAsync();
    }

    private static Process Start(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" };
        start.Environment["LC_ALL"] = "C";
        return Process.Start(start)!;
    }

    private static async Task RunAsync(params string[] command)
    {
        using Process process = Start(command);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{command[0]} ended with {process.ExitCode}: {error}{await output}");
    }
}
