using System.Diagnostics;
using LatentDb.Client;
using LatentDb.Client.Models;
using LatentDb.Cluster.Load;
using LatentDb.Cluster.Running;
using LatentDb.Testing;
using LatentDb.Testing.Histories;
using Xunit.Abstractions;

namespace LatentDb.Cluster;

/// <summary>
/// Silos are killed, stopped, woken, ended and cut off while clients write, fork, bring archives, erase and go away: each memory's history is still one that a
/// single writer could have made. LATENTDB_LONG=1: ten series, 200 rounds, each series with other memories and another seed; LATENTDB_FIRE_SERIES,
/// LATENTDB_FIRE_ROUNDS (of a series) and LATENTDB_FIRE_SEED: others.
/// </summary>
[Collection(ClusterTests.Name)]
public sealed class UnderFireTests(ClusterFixture cluster, ITestOutputHelper output)
{
    private const int Clients = 6;

    private static readonly int Seed = Setting("LATENTDB_FIRE_SEED") ?? 20260201;

    private static readonly int Series = Setting("LATENTDB_FIRE_SERIES") ?? (Environment.GetEnvironmentVariable("LATENTDB_LONG") == "1" ? 10 : 1);

    private static readonly int Rounds = Setting("LATENTDB_FIRE_ROUNDS") ?? Faults.Kinds;

    private readonly List<double> _waits = [];
    private int _acknowledged;

    [RequiresPostgresFact]
    public Task Every_history_has_an_order_and_every_acknowledged_write_is_there_once() => cluster.WatchAsync(output, async () =>
    {
        for (int series = 0; series < Series; series++) await RunSeriesAsync(series, Seed + (1000 * series));
        _waits.Sort();
        output.WriteLine($"{Series * Rounds} rounds: {_waits.Count} operations answered, {_acknowledged} acknowledged changes; longest wait {_waits[^1]:F1} s");
    });

    private static int? Setting(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), out int value) ? value : null;

    private async Task RunSeriesAsync(int series, int seed)
    {
        LoadHistory[] memories = await CreateAsync($"fire-{series}");
        var names = new ShortLives($"short-{series}", count: 4);
        LoadClient[] clients = [.. Enumerable.Range(0, Clients).Select(i => new LoadClient(i, $"{series}-{i}", cluster.Stores, names, seed + (10 * i)))];
        try
        {
            FaultRound[] rounds = await RunAsync(memories, clients, seed);
            foreach (LoadHistory memory in memories) await CheckAsync(memory);
            LoadHistory[] others = [.. names.Histories, .. clients.SelectMany(client => client.Copies.Histories)];
            foreach (LoadHistory memory in others) await CheckEndAsync(memory, clients[0].Caller);
            Report($"series {series}, seed {seed}", rounds, memories, others);
            Assert.Empty(clients.SelectMany(client => client.Caller.Surprises));
            Assert.True(memories.Sum(memory => memory.Operations.Length) > 20 * Rounds, "too few operations were made to test anything");
        }
        finally
        {
            foreach (LoadClient client in clients) client.Dispose();
        }
    }

    /// <summary>Two memories of each store silo.</summary>
    private async Task<LoadHistory[]> CreateAsync(string prefix)
    {
        IReadOnlyDictionary<int, string> owners = await cluster.Table.OwnersAsync();
        using var http = new HttpClient { BaseAddress = cluster.Stores[0].Address };
        var client = new LatentDbClient(http);
        LoadHistory[] memories = [.. cluster.Stores.SelectMany(silo => Enumerable.Range(0, 1000).Select(i => $"{prefix}-{i}").Where(id => owners[cluster.Table.ShardOf(id)] == silo.Name).Take(2)).Select(id => new LoadHistory(id))];
        foreach (LoadHistory memory in memories)
        {
            long invoked = Stopwatch.GetTimestamp();
            await client.CreateMemoryAsync(new CreateMemoryRequest(memory.Memory));
            memory.Add(Clients, OperationKind.Create, 1, OperationOutcome.Done, invoked);
        }

        return memories;
    }

    private async Task<FaultRound[]> RunAsync(LoadHistory[] memories, LoadClient[] clients, int seed)
    {
        var rounds = new List<FaultRound>();
        using var stop = new CancellationTokenSource();
        Task[] running = [.. clients.Select(client => Task.Run(() => client.RunAsync(memories, stop.Token)))];
        try
        {
            var faults = new Faults(cluster, seed);
            for (int round = 0; round < Rounds; round++)
            {
                long start = Stopwatch.GetTimestamp();
                string what = await faults.NextAsync(round);
                rounds.Add(new FaultRound(round, what, start, Stopwatch.GetTimestamp()));
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running);
        }

        output.WriteLine($"tries in vain: {string.Join(", ", clients.SelectMany(c => c.Caller.Vain).GroupBy(v => v.Key, (reason, counts) => $"{reason} {counts.Sum(c => c.Value)}"))}");
        return [.. rounds];
    }

    private async Task CheckAsync(LoadHistory memory)
    {
        string[] lists = await Task.WhenAll(cluster.Stores.Select(silo => AtAsync(silo, memory.Memory, m => VersionLines.ReadAsync(m))));
        Assert.All(lists, list => Assert.Equal(lists[0], list));
        IReadOnlyList<SnapshotDescription> snapshots = await AtAsync(cluster.Stores[^1], memory.Memory, m => m.ListSnapshotsAsync());
        Assert.All(memory.Snapshots, made => Assert.Equal(made.Value, snapshots.Single(snapshot => snapshot.Name == made.Key).Version));
        Assert.Null(Verdict.Of(memory, lists[0], Clients, Stopwatch.GetTimestamp()));
    }

    /// <summary>A memory that may be gone, as all silos say.</summary>
    private async Task CheckEndAsync(LoadHistory memory, Caller caller)
    {
        long invoked = Stopwatch.GetTimestamp();
        Told<MemoryDescription> end = await caller.AskAsync($"end of {memory.Memory}", (c, stop) => c.Memory(memory.Memory).GetAsync(stop));
        Assert.False(end.IsUnknown);
        memory.Add(Clients, OperationKind.Read, end.Value?.Version ?? 0, end.IsAnswered ? OperationOutcome.Done : OperationOutcome.NotFound, invoked);
        Assert.Null(HistoryChecker.Explain(memory.Operations));
    }

    private void Report(string what, FaultRound[] rounds, LoadHistory[] memories, LoadHistory[] others)
    {
        Operation[] all = [.. memories.Concat(others).SelectMany(memory => memory.Operations)];
        int acknowledged = all.Count(o => o.Kind is not OperationKind.Read && o.Outcome == OperationOutcome.Done);
        output.WriteLine($"{what}: {memories.Length} memories that stay, {others.Length} that come and go; {all.Length} operations, {acknowledged} acknowledged changes, {all.Count(o => o.Outcome == OperationOutcome.Unknown)} of unknown outcome, {memories.Sum(m => m.Archived.Count)} archives, {memories.Sum(m => m.Snapshots.Count)} snapshots");
        foreach (FaultRound round in rounds) output.WriteLine(round.Tell(all));
        double[] waits = [.. all.Where(o => o.Outcome != OperationOutcome.Unknown).Select(o => Stopwatch.GetElapsedTime(o.Invoked, o.Returned).TotalSeconds).Order()];
        output.WriteLine($"time to an answer with all tries of a client: median {waits[waits.Length / 2]:F3} s, 99 % {waits[waits.Length * 99 / 100]:F1} s, longest {waits[^1]:F1} s");
        _waits.AddRange(waits);
        _acknowledged += acknowledged;
    }

    private static async Task<T> AtAsync<T>(ClusterSilo silo, string memory, Func<MemoryClient, Task<T>> ask)
    {
        using var http = new HttpClient { BaseAddress = silo.Address };
        return await ask(new LatentDbClient(http).Memory(memory));
    }
}
