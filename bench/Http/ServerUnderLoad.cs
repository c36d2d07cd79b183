using System.Diagnostics;
using System.Globalization;

namespace LatentDb.Http;

/// <summary>The built server as a process of its own, with the shipped model, so that its memory can be told from the clients'.</summary>
internal sealed class ServerUnderLoad : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _data;

    private ServerUnderLoad(Process process, string data, Uri address)
    {
        _process = process;
        _data = data;
        Address = address;
    }

    public Uri Address { get; }

    public static async Task<ServerUnderLoad> StartAsync(string[] flags)
    {
        string data = Directory.CreateTempSubdirectory("latentdb-bench-").FullName;
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, UseShellExecute = false };
        string[] arguments = [typeof(Silo.SiloOptions).Assembly.Location, "--urls", "http://127.0.0.1:0", "--data", data, .. flags];
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        Process process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            int at = line.IndexOf("http://", StringComparison.Ordinal);
            if (at < 0) continue;
            var server = new ServerUnderLoad(process, data, new Uri(line[at..].Trim()));
            _ = process.StandardOutput.ReadToEndAsync();
            return server;
        }

        throw new InvalidOperationException("The server ended before it listened.");
    }

    /// <summary>Bytes of the process that are in memory now.</summary>
    public long ResidentBytes() => Status("VmRSS:");

    public long PeakResidentBytes() => Status("VmHWM:");

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    private long Status(string field)
    {
        string line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
