using System.Diagnostics;
using LatentDb.Client;
using LatentDb.Client.Models;
using LatentDb.Cluster.Load;
using LatentDb.Cluster.Running;
using LatentDb.Testing;
using LatentDb.Testing.Histories;
using Xunit.Abstractions;

namespace LatentDb.Cluster;

/// <summary>Silos are killed, stopped, woken and ended while clients write: each memory's history is still one that a single writer could have made. LATENTDB_LONG=1: 200 rounds.</summary>
[Collection(ClusterTests.Name)]
public sealed class UnderFireTests(ClusterFixture cluster, ITestOutputHelper output)
{
    private const int Seed = 20260201;
    private const int Clients = 5;

    private static readonly int Rounds = Environment.GetEnvironmentVariable("LATENTDB_LONG") == "1" ? 200 : 5;

    [RequiresPostgresFact]
    public Task Every_history_has_an_order_and_every_acknowledged_write_is_there_once() => cluster.WatchAsync(output, async () =>
    {
        LoadHistory[] memories = await CreateAsync();
        await RunAsync(memories);
        foreach (LoadHistory memory in memories) await CheckAsync(memory);

        int waited = memories.Sum(memory => memory.Operations.Length);
        output.WriteLine($"{waited} operations, {memories.Sum(m => m.Acknowledged.Count)} acknowledged writes, {memories.Sum(m => m.Operations.Count(o => o.Outcome == OperationOutcome.Unknown))} of unknown outcome");
        output.WriteLine($"longest wait for an answer of one memory, with all tries of its client: {memories.Max(memory => memory.LongestWait).TotalSeconds:F1} s");
        Assert.True(waited > 20 * Rounds, $"only {waited} operations were made: too few to test anything");
    });

    /// <summary>Two memories of each store silo.</summary>
    private async Task<LoadHistory[]> CreateAsync()
    {
        IReadOnlyDictionary<int, string> owners = await cluster.Table.OwnersAsync();
        using var http = new HttpClient { BaseAddress = cluster.Stores[0].Address };
        var client = new LatentDbClient(http);
        LoadHistory[] memories = [.. cluster.Stores.SelectMany(silo => Enumerable.Range(0, 1000).Select(i => $"fire-{i}").Where(id => owners[cluster.Table.ShardOf(id)] == silo.Name).Take(2)).Select(id => new LoadHistory(id))];
        foreach (LoadHistory memory in memories)
        {
            long invoked = Stopwatch.GetTimestamp();
            await client.CreateMemoryAsync(new CreateMemoryRequest(memory.Memory));
            memory.Add(Clients, OperationKind.Create, 1, OperationOutcome.Done, invoked);
        }

        return memories;
    }

    private async Task RunAsync(LoadHistory[] memories)
    {
        LoadClient[] clients = [.. Enumerable.Range(0, Clients).Select(i => new LoadClient(i, cluster.Stores, Seed + i))];
        using var stop = new CancellationTokenSource();
        Task[] running = [.. clients.Select(client => Task.Run(() => client.RunAsync(memories, stop.Token)))];
        try
        {
            var faults = new Faults(cluster, Seed);
            for (int round = 0; round < Rounds; round++)
            {
                long start = Stopwatch.GetTimestamp();
                string what = await faults.NextAsync(round);
                output.WriteLine($"round {round}: {what}; whole again after {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running);
            foreach (LoadClient client in clients) client.Dispose();
        }

        output.WriteLine($"tries in vain: {string.Join(", ", clients.SelectMany(c => c.Vain).GroupBy(v => v.Key, (reason, counts) => $"{reason} {counts.Sum(c => c.Value)}"))}");
        Assert.Empty(clients.SelectMany(client => client.Surprises));
    }

    private async Task CheckAsync(LoadHistory memory)
    {
        string[] lists = await Task.WhenAll(cluster.Stores.Select(silo => ReadListAsync(silo, memory.Memory)));
        Assert.All(lists, list => Assert.Equal(lists[0], list));
        string[] lines = lists[0].Split('\n');
        Assert.Equal(Enumerable.Range(1, lines.Length).Reverse(), lines.Select(line => int.Parse(line.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)));

        ILookup<string, string> byKey = lines.ToLookup(line => line.Split(' ')[2], line => line.Split(' ')[0], StringComparer.Ordinal);
        Assert.All(memory.Acknowledged, write => Assert.Equal([$"{write.Value}"], byKey[write.Key]));
        Assert.All(byKey.Where(key => key.Key.Length > 0), key => Assert.Single(key));

        // What is there at the end is an answer as well: nothing may have been lost after the last one.
        memory.Add(Clients, OperationKind.Read, lines.Length, OperationOutcome.Done, Stopwatch.GetTimestamp());
        Assert.Null(HistoryChecker.Explain(memory.Operations));
    }

    /// <summary>A line for each version, newest first: number, cause, key, time, tokens, seed.</summary>
    private static async Task<string> ReadListAsync(ClusterSilo silo, string memory)
    {
        using var http = new HttpClient { BaseAddress = silo.Address };
        MemoryClient client = new LatentDbClient(http).Memory(memory);
        List<string> lines = [];
        string? cursor = null;
        do
        {
            Page<VersionDescription> page = await client.ListVersionsAsync(200, cursor);
            lines.AddRange(page.Items.Select(v => $"{v.Version} {v.Cause} {v.IdempotencyKey} {v.CommittedAt:O} {v.Tokens} {v.Seed}"));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return string.Join('\n', lines);
    }
}
