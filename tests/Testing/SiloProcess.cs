using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace LatentDb.Testing;

/// <summary>A real server process on a port that the system chose, with its output kept for the failure message.</summary>
public sealed partial class SiloProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    /// <summary>The server that is started: LATENTDB_TEST_SERVER names another build of it, such as one with -p:Cluster=Orleans.</summary>
    private static readonly string Program = Environment.GetEnvironmentVariable("LATENTDB_TEST_SERVER") ?? FindBuilt();

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SiloProcess(Process process) => _process = process;

    public Uri Address { get; private set; } = null!;

    public int Id => _process.Id;

    /// <summary>Everything the process has printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    /// <summary>Starts the built server on a data folder and waits until it has printed its address.</summary>
    public static Task<SiloProcess> StartAsync(string data, string? model = null, params string[] more) => StartAsync(new Dictionary<string, string>(StringComparer.Ordinal), data, model, more);

    /// <summary>As the other, with settings of the environment.</summary>
    public static async Task<SiloProcess> StartAsync(IReadOnlyDictionary<string, string> environment, string data, string? model = null, params string[] more)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = RepositoryFiles.Root,
        };
        string[] arguments = [Program, "--urls", "http://127.0.0.1:0", "--data", data, "--model", model ?? RepositoryFiles.Combine("models", "small"), .. more];
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        var silo = new SiloProcess(new Process { StartInfo = start });
        try
        {
            await silo.RunAsync().ConfigureAwait(false);
            return silo;
        }
        catch
        {
            await silo.DisposeAsync().ConfigureAwait(false); // One that hangs would take its core from all tests that follow.
            throw;
        }
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().ConfigureAwait(false);
    }

    /// <summary>SIGKILL, without a wait for the end.</summary>
    public void KillNow() => _process.Kill(entireProcessTree: true);

    /// <summary>SIGTERM, then waits for the orderly end; returns the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync("TERM").ConfigureAwait(false);
        await _process.WaitForExitAsync().ConfigureAwait(false);
        return _process.ExitCode;
    }

    /// <summary>True when the process ends by itself within that time.</summary>
    public async Task<bool> EndsWithinAsync(TimeSpan limit)
    {
        using var stop = new CancellationTokenSource(limit);
        await _process.WaitForExitAsync(stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _process.HasExited;
    }

    /// <summary>SIGSTOP: it stands still where it is, with its connections and locks.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    /// <summary>SIGCONT: it goes on, and knows of the time that has passed only by the clock.</summary>
    public Task ResumeAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync().ConfigureAwait(false);
        _process.Dispose();
    }

    private static string FindBuilt()
    {
        string configuration = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";
        return RepositoryFiles.Combine("src", "Silo", "bin", configuration, "net10.0", "LatentDb.Silo.dll");
    }

    private async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync().ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        _process.OutputDataReceived += (_, line) => Receive(line.Data);
        _process.ErrorDataReceived += (_, line) => Receive(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        // The end is waited for, not heard of: this wait includes the last words, which the event does not.
        using var listens = new CancellationTokenSource();
        Task ended = _process.WaitForExitAsync(listens.Token);
        await Task.WhenAny(_address.Task, ended).WaitAsync(StartLimit).ConfigureAwait(false);
        await listens.CancelAsync().ConfigureAwait(false);
        if (!_address.Task.IsCompleted) throw new InvalidOperationException($"The server ended before it listened:\n{Output}");
        Address = await _address.Task.ConfigureAwait(false);
    }

    private void Receive(string? line)
    {
        if (line is null) return;
        lock (_output) _output.AppendLine(line);
        Match match = ListeningAddress().Match(line);
        if (match.Success) _address.TrySetResult(new Uri(match.Value));
    }

    // Port 0 is what was asked for, never what is listened on.
    [GeneratedRegex(@"http://(?:127\.0\.0\.1|0\.0\.0\.0):[1-9][0-9]*")]
    private static partial Regex ListeningAddress();
}
