using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LatentDb.VsPyTorch;

/// <summary>The PyTorch side: one process that waits for requests while the other side computes.</summary>
internal sealed class PythonPeer : IDisposable
{
    private readonly Process _process;

    private PythonPeer(Process process, string name)
    {
        _process = process;
        Name = name;
    }

    public string Name { get; }

    /// <summary>Starts the peer and waits until it has loaded the checkpoint.</summary>
    /// <param name="python">An interpreter with torch.</param>
    /// <param name="scripts">The folder training/.</param>
    /// <param name="model">The checkpoint.</param>
    /// <param name="threads">Threads of PyTorch.</param>
    /// <param name="blasCore">OPENBLAS_CORETYPE; null = what OpenBLAS takes the processor for.</param>
    public static async Task<PythonPeer> StartAsync(string python, string scripts, string model, int threads, string? blasCore)
    {
        var start = new ProcessStartInfo(python) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string argument in (string[])[Path.Combine(scripts, "plain_peer.py"), "--model", model, "--threads", $"{threads}"]) start.ArgumentList.Add(argument);
        start.Environment["OMP_NUM_THREADS"] = $"{threads}";
        if (blasCore is not null) start.Environment["OPENBLAS_CORETYPE"] = blasCore;
        Process process = Process.Start(start)!;
        var peer = new PythonPeer(process, string.Empty);
        JsonNode hello = await peer.ReadAsync();
        return new PythonPeer(process, $"PyTorch {hello["torch"]}{(blasCore is null ? string.Empty : $", BLAS for {blasCore}")}");
    }

    public async Task<JsonNode> AskAsync(object request)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(request));
        await _process.StandardInput.FlushAsync();
        return await ReadAsync();
    }

    public async Task<double> SecondsAsync(object request) => (double)(await AskAsync(request))["seconds"]!;

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private async Task<JsonNode> ReadAsync()
    {
        string line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The PyTorch side ended; what it printed stands above.");
        return JsonNode.Parse(line)!;
    }
}
