using System.Diagnostics;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Hosting;
using LatentDb.ModelHost.Remote;
using LatentDb.ModelHost.Remote.Slices;
using LatentDb.Replay;
using LatentDb.Silo.Cluster.Links;
using LatentDb.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.Remote;

/// <summary>The same questions and injects of one memory, in turns here and there; ratios of medians of one run. Before them what a call costs that does nothing.</summary>
internal static class Overhead
{
    private const int AnswerTokens = 32;

    private static readonly string Prompt = string.Concat(Enumerable.Repeat("Maria went to the market and bought bread. ", 8)) + "Question: Where does Maria live? Answer:";

    private static readonly string Text = string.Concat(Enumerable.Repeat("Maria lives in Lisbon and works as a baker near the harbour. ", 8));

    public static async Task RunAsync(string model, int rounds)
    {
        var blocks = new InMemoryBlocks();
        using LocalModelHost local = ModelProcess.Load(model);
        using SiloLinks ways = BenchLinks.Ways();
        await using LinkListener listener = await BenchLinks.ServeAsync(new BlockService(blocks, NullLogger<BlockService>.Instance));
        (Process process, string address) = await ModelProcess.StartAsync(model);
        using var pool = new LinkPool(ways, TimeProvider.System);
        using var remote = new RemoteModelHost(new FixedView(listener.Address, address), pool, TimeProvider.System, NullLogger<RemoteModelHost>.Instance);
        await remote.StartAsync(default);
        while (!remote.IsReady) await Task.Delay(5);

        VersionedManifest head = HeadOf(local, await local.WriteGenesisAsync(blocks, default));
        InjectOutcome first = await local.InjectAsync(new InjectRequest(head, new TextInput.Plain(Text), 1, blocks, blocks), default);
        head = HeadOf(local, first.Deltas.Aggregate(head.Manifest, (manifest, delta) => delta.Apply(manifest)));

        Console.WriteLine($"{local.Describe().Parameters / 1e6:0.0} million parameters. {Machine.Description}");
        await FloorAsync(ways, address, rounds);
        await ReportAsync($"query, {AnswerTokens} tokens", rounds, host => AskAsync(host, head, blocks), local, remote);
        await ReportAsync("inject", rounds, host => host.InjectAsync(new InjectRequest(head, new TextInput.Plain(Text), 2, blocks, blocks), default), local, remote);
        await remote.StopAsync(default);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
    }

    /// <summary>A stream that is opened, carries a message there and back, and ends; and a message alone.</summary>
    private static async Task FloorAsync(SiloLinks ways, string address, int rounds)
    {
        var open = new Sample();
        var message = new Sample();
        for (int round = -20; round < 4 * rounds; round++)
        {
            double alone = 0;
            double whole = await MeasureAsync(async () => alone = await EchoAsync(ways, address));
            if (round < 0) continue;
            open.Add(whole);
            message.Add(alone);
        }

        Console.WriteLine($"a stream, a message there and back: {open.Median * 1e6:F0} us (p90 {open.At(0.9) * 1e6:F0}); the second message on it {message.Median * 1e6:F0} us (p90 {message.At(0.9) * 1e6:F0})");
    }

    private static async Task<double> EchoAsync(SiloLinks ways, string address)
    {
        await using Stream stream = await ways.OpenAsync(address, LinkChannel.Grains, default);
        using var writer = new LinkWriter(stream);
        using var reader = new LinkReader(stream);
        byte[] payload = new byte[1000];
        await writer.WriteAsync(EchoService.Kind, payload, default);
        await reader.ReadAsync(EchoService.Kind, default);
        double second = await MeasureAsync(async () =>
        {
            await writer.WriteAsync(EchoService.Kind, payload, default);
            await reader.ReadAsync(EchoService.Kind, default);
        });
        await writer.WriteEndAsync(default);
        await reader.ReadAsync(default);
        return second;
    }

    private static async Task ReportAsync(string name, int rounds, Func<IModelHost, Task> work, IModelHost local, IModelHost remote)
    {
        var here = new Sample();
        var there = new Sample();
        for (int round = -10; round < rounds; round++) // the first ones warm up
        {
            double one = await MeasureAsync(() => work(local));
            double other = await MeasureAsync(() => work(remote));
            if (round < 0) continue;
            here.Add(one);
            there.Add(other);
        }

        Console.WriteLine(
            $"{name}: local {here.Median * 1000:F2} ms, remote {there.Median * 1000:F2} ms, ratio {there.Median / here.Median:F3}, "
            + $"{(there.Median - here.Median) * 1e6:F0} us more best tenth {here.At(0.1) * 1000:F2} and {there.At(0.1) * 1000:F2} ms, ratio {there.At(0.1) / here.At(0.1):F3}");
    }

    private static async Task<double> MeasureAsync(Func<Task> work)
    {
        long start = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task AskAsync(IModelHost host, VersionedManifest head, InMemoryBlocks blocks)
    {
        var request = new QueryRequest(head, new TextInput.Plain(Prompt), new GenerationOptions { MaxTokens = AnswerTokens, Temperature = 1, Seed = 5 }, blocks);
        await foreach (GenerationEvent step in host.QueryAsync(request, default)) ArgumentNullException.ThrowIfNull(step);
    }

    private static VersionedManifest HeadOf(LocalModelHost host, Manifest manifest) => new(
        new MemoryVersion(VersionNumber.First, null, VersionCause.Inject, null, new HybridTimestamp(1), host.Describe().Fingerprint, 0, 0, 0, manifest.Writes, 0, null), manifest);
}
