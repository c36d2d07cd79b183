using System.Diagnostics;
using LatentDb.ModelHost.Hosting;
using LatentDb.ModelHost.Remote;
using LatentDb.ModelHost.Remote.Slices;
using LatentDb.Silo.Cluster.Links;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.Remote;

/// <summary>The process that computes: this program once more.</summary>
internal static class ModelProcess
{
    public static LocalModelHost Load(string model) => LocalModelHost.Load(new ModelHostOptions { Model = model }, TimeProvider.System, default);

    /// <summary>Starts it, and gives its address.</summary>
    public static async Task<(Process Process, string Address)> StartAsync(string model)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["serve", model]) { RedirectStandardOutput = true, RedirectStandardInput = true, UseShellExecute = false };
        Process process = Process.Start(start) ?? throw new InvalidOperationException("The second process did not start.");
        return (process, await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The second process said nothing."));
    }

    /// <summary>Serves until its input ends, which it does when the first process ends.</summary>
    public static async Task ServeAsync(string folder)
    {
        using LocalModelHost model = Load(folder);
        using SiloLinks ways = BenchLinks.Ways();
        using var sources = new RemoteBlockSources(ways, TimeProvider.System);
        await using LinkListener listener = await BenchLinks.ServeAsync(new ModelService(model, sources, NullLogger<ModelService>.Instance), new EchoService());
        await Console.Out.WriteLineAsync(listener.Address);
        await Console.In.ReadToEndAsync();
    }
}
