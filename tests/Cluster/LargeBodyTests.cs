using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using LatentDb.Client;
using LatentDb.Client.Models;
using LatentDb.Cluster.Load;
using LatentDb.Cluster.Running;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.Cluster;

/// <summary>
/// Bodies of zeros, from a byte to 64 MiB and with LATENTDB_LONG=1 to 5 GB, sent to a silo while clients use memories of the others through it: refused at
/// its edge, with little memory, and no connection between silos is lost.
/// </summary>
[Collection(ClusterTests.Name)]
public sealed class LargeBodyTests(ClusterFixture cluster, ITestOutputHelper output)
{
    private const long AllowedGrowthBytes = 64L << 20;
    private const long BodyLimitBytes = 1 << 20;

    private static readonly long[] Sizes =
        [1, 1 << 10, 1 << 20, (1 << 20) + 1, 16 << 20, 64 << 20, .. Environment.GetEnvironmentVariable("LATENTDB_LONG") == "1" ? [1L << 30, 5_000_000_000] : Array.Empty<long>()];

    [RequiresPostgresFact]
    public Task A_body_of_any_size_is_refused_at_the_edge_and_the_silos_keep_their_connections() => cluster.WatchAsync(output, async () =>
    {
        ClusterSilo edge = cluster.Stores[0];
        string[] memories = await CreateAsync(edge);
        string[] paths = [.. memories.Take(1).Select(memory => $"/v1/memories/{memory}/inject"), "/v1/memories/import", "/nowhere"];
        foreach (long size in Sizes.Where(size => size <= 16 << 20)) await SendEverywhereAsync(edge, paths, size); // It has warmed up.

        using var stop = new CancellationTokenSource();
        Caller[] callers = [.. memories.Select((_, i) => new Caller([edge], new Random(i)))];
        Task<int>[] running = [.. callers.Select((caller, i) => Task.Run(() => UseAsync(caller, memories[i], stop.Token)))];
        try
        {
            foreach (long size in Sizes) await MeasureAsync(edge, paths, size);
        }
        finally
        {
            await stop.CancelAsync();
        }

        int calls = (await Task.WhenAll(running)).Sum();
        foreach (Caller caller in callers) caller.Dispose();
        output.WriteLine($"{calls} calls to other silos' memories meanwhile, {callers.Sum(caller => caller.Vain.Count)} kinds of tries in vain");
        Assert.Empty(callers.SelectMany(caller => caller.Surprises));
        Assert.DoesNotContain(callers.SelectMany(caller => caller.Vain.Keys), reason => reason is "broken" or "silo_unreachable" or "nobody there");
    });

    /// <summary>Memories of silos that are not the one they are asked through.</summary>
    private async Task<string[]> CreateAsync(ClusterSilo edge)
    {
        IReadOnlyDictionary<int, string> owners = await cluster.Table.OwnersAsync();
        string[] memories = [.. Enumerable.Range(0, 1000).Select(i => $"large-{i}").Where(id => owners[cluster.Table.ShardOf(id)] != edge.Name).Take(4)];
        using var http = new HttpClient { BaseAddress = edge.Address };
        foreach (string memory in memories) await new LatentDbClient(http).CreateMemoryAsync(new CreateMemoryRequest(memory));
        return memories;
    }

    private static async Task<int> UseAsync(Caller caller, string memory, CancellationToken stop)
    {
        int calls = 0;
        for (; !stop.IsCancellationRequested; calls++)
        {
            await caller.AskAsync($"read of {memory}", async (c, token) => (await c.Memory(memory).GetAsync(token)).Version);
            await caller.AskAsync($"write to {memory}", async (c, token) => (await c.Memory(memory).RollBackAsync("1", new WriteOptions { IdempotencyKey = $"{calls}" }, token)).Version);
        }

        return calls;
    }

    private async Task MeasureAsync(ClusterSilo edge, string[] paths, long size)
    {
        int process = edge.ProcessId!.Value;
        await File.WriteAllTextAsync($"/proc/{process}/clear_refs", "5"); // The kernel counts the peak anew.
        long before = BytesOf(process, "VmRSS:");
        string statuses = await SendEverywhereAsync(edge, paths, size);
        long growth = BytesOf(process, "VmHWM:") - before;
        output.WriteLine($"{size,13} bytes: {growth >> 20} MiB more at the peak; {statuses}");
        Assert.True(growth < AllowedGrowthBytes, $"{size} bytes: {growth} bytes more than before at the peak");
    }

    private static async Task<string> SendEverywhereAsync(ClusterSilo edge, string[] paths, long size)
    {
        List<string> statuses = [];
        foreach (string path in paths) statuses.Add($"{path} {await SendAsync(edge.Address, path, size, isChunked: false)}/{await SendAsync(edge.Address, path, size, isChunked: true)}");
        return string.Join(", ", statuses);
    }

    /// <summary>The status, or 0 when the silo closed while the body still came, which is its right once it has refused.</summary>
    private static async Task<int> SendAsync(Uri address, string path, long size, bool isChunked)
    {
        using var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StreamContent(new ZeroStream(size)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(path.EndsWith("import", StringComparison.Ordinal) ? "application/octet-stream" : "application/json");
        request.Headers.TransferEncodingChunked = isChunked;
        if (!isChunked) request.Content.Headers.ContentLength = size;
        try
        {
            using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            bool isRefused = size > BodyLimitBytes && path.EndsWith("inject", StringComparison.Ordinal) ? answer.StatusCode == HttpStatusCode.RequestEntityTooLarge : (int)answer.StatusCode is >= 400 and < 500;
            Assert.True(isRefused, $"{path} with {size} bytes: {(int)answer.StatusCode}");
            return (int)answer.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return 0;
        }
    }

    private static long BytesOf(int process, string name)
    {
        string line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10;
    }

    /// <summary>So many zeros, which nobody holds.</summary>
    private sealed class ZeroStream(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int now = (int)Math.Min(count, _left);
            Array.Clear(buffer, offset, now);
            _left -= now;
            return now;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
