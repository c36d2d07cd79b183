using System.Diagnostics;
using System.Text.RegularExpressions;

namespace LatentDb.Cli;

/// <summary>A server of our own on a free port, started in the background and killed without mercy.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const string AdminKeyVariable = "LATENTDB__ADMINKEY";
    private const int KeptLines = 40;

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ReadyPoll = TimeSpan.FromMilliseconds(50);

    private readonly Process _process;
    private readonly Queue<string> _lines = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Receive(line.Data);
        _process.ErrorDataReceived += (_, line) => Receive(line.Data);
    }

    /// <summary>Starts the server on a data folder and waits until it is ready to serve.</summary>
    /// <param name="data">The folder.</param>
    /// <param name="adminKey">An operator's key for this process alone, which opens a folder with keys too; null = none.</param>
    /// <param name="more">Further arguments.</param>
    /// <param name="cancellationToken">Ends the wait and the server.</param>
    /// <exception cref="ServerStartException">It ended, or was not ready in time; the message holds its last lines.</exception>
    public static async Task<ServerProcess> StartAsync(string data, string? adminKey, IEnumerable<string> more, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = ServerProgram.Find().Start(["--urls", "http://127.0.0.1:0", "--data", data, .. more]);

        // Not the one that may be set for the server of this machine: it would lock its own command line out.
        start.Environment[AdminKeyVariable] = adminKey;
        var server = new ServerProcess(start);
        try
        {
            server._process.Start();
            server._process.BeginOutputReadLine();
            server._process.BeginErrorReadLine();
            await server.UntilReadyAsync(cancellationToken).ConfigureAwait(false);
            return server;
        }
        catch (Exception error) when (error is InvalidOperationException or TimeoutException)
        {
            string output = server.Output;
            await server.DisposeAsync().ConfigureAwait(false);
            throw new ServerStartException(ReasonIn(output) ?? $"{error.Message} It said:\n{output}", error);
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Uri Address { get; private set; } = null!;

    private string Output
    {
        get
        {
            lock (_lines) return string.Join('\n', _lines);
        }
    }

    /// <summary>SIGKILL: no handler runs and nothing is flushed, as when the machine's power fails for this process.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>SIGTERM, and waits for the orderly end; a kill where there is no such signal, or where it takes too long.</summary>
    public async Task StopAsync()
    {
        if (!IsRunning()) return;
        ServerProgram.Terminate(_process.Id);
        using var limit = new CancellationTokenSource(ServerProgram.StopLimit);
        try
        {
            if (!OperatingSystem.IsWindows()) await _process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What was acknowledged is on the disk: the kill that follows loses nothing.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (IsRunning()) await KillAsync().ConfigureAwait(false);
        _process.Dispose();
    }

    private async Task UntilReadyAsync(CancellationToken cancellationToken)
    {
        Address = await ListeningAsync(cancellationToken).ConfigureAwait(false);
        using var http = new HttpClient { BaseAddress = Address };
        var client = new Client.LatentDbClient(http);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        while (!await IsReadyAsync(client, limit.Token).ConfigureAwait(false)) await Task.Delay(ReadyPoll, limit.Token).ConfigureAwait(false);
    }

    /// <summary>The address, once it is printed. The end is waited for, not heard of: that wait includes the last words, which hold the reason.</summary>
    private async Task<Uri> ListeningAsync(CancellationToken cancellationToken)
    {
        using var listens = new CancellationTokenSource();
        Task ended = _process.WaitForExitAsync(listens.Token);
        await Task.WhenAny(_address.Task, ended).WaitAsync(StartLimit, cancellationToken).ConfigureAwait(false);
        await listens.CancelAsync().ConfigureAwait(false);
        return _address.Task.IsCompleted ? await _address.Task.ConfigureAwait(false) : throw new InvalidOperationException("The server ended before it listened.");
    }

    private async Task<bool> IsReadyAsync(Client.LatentDbClient client, CancellationToken cancellationToken)
    {
        try
        {
            return await client.IsReadyAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException error) when (!IsRunning())
        {
            throw new InvalidOperationException("The server ended before it was ready.", error);
        }
    }

    /// <summary>The one line in which the server says what an operator can repair; null when it failed otherwise.</summary>
    private static string? ReasonIn(string output)
    {
        const string mark = "latentdb: ";
        return output.Split('\n').LastOrDefault(line => line.StartsWith(mark, StringComparison.Ordinal))?[mark.Length..];
    }

    private bool IsRunning()
    {
        try
        {
            return !_process.HasExited;
        }
        catch (InvalidOperationException)
        {
            return false; // It was never started.
        }
    }

    private void Receive(string? line)
    {
        if (line is null) return;
        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > KeptLines) _lines.Dequeue();
        }

        Match match = ListeningAddress().Match(line);
        if (match.Success) _address.TrySetResult(new Uri(match.Value));
    }

    // Port 0 is what is asked for, never what is listened on.
    [GeneratedRegex(@"http://127\.0\.0\.1:[1-9][0-9]*", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ListeningAddress();
}

/// <summary>A server of our own did not come up; the message holds what it said.</summary>
internal sealed class ServerStartException(string message, Exception cause) : Exception(message, cause);
