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
/// Store silos are ended in order (SIGTERM) while fifty clients write and a long answer is on its way: nothing acknowledged is lost or made twice, and the
/// silo ends by itself in time. LATENTDB_LONG=1: a hundred times, or LATENTDB_DRAIN_ROUNDS.
/// </summary>
[Collection(ClusterTests.Name)]
public sealed class DrainUnderLoadTests(ClusterFixture cluster, ITestOutputHelper output)
{
    private const int Clients = 50;
    private const int Memories = 10;
    private const int Seed = 20260401;

    /// <summary>The bar; a pod is given 120 s.</summary>
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(150);

    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("LATENTDB_DRAIN_ROUNDS"), out int rounds)
        ? rounds
        : Environment.GetEnvironmentVariable("LATENTDB_LONG") == "1" ? 100 : 3;

    private static readonly QueryRequest LongQuestion = new() { Prompt = "Question: Who is there, and where? Answer:", MaxTokens = 400, Stop = [] };

    [RequiresPostgresFact]
    public Task Ending_a_silo_in_order_under_fifty_clients_loses_nothing_and_makes_nothing_twice() => cluster.WatchAsync(output, async () =>
    {
        LoadHistory[] memories = [.. Enumerable.Range(0, Memories).Select(i => new LoadHistory($"drain-{i}"))];
        Caller[] callers = [.. Enumerable.Range(0, Clients).Select(i => new Caller(cluster.Stores, new Random(Seed + i)))];
        foreach (LoadHistory memory in memories) await CreateAsync(memory);
        using var stop = new CancellationTokenSource();
        Task[] running = [.. callers.Select((caller, i) => Task.Run(() => WriteAsync(i, caller, memories[i % Memories], stop.Token)))];
        List<double> exits = [];
        try
        {
            for (int round = 0; round < Rounds; round++) exits.Add(await EndAsync(cluster.Stores[round % cluster.Stores.Count], memories[round % Memories].Memory));
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running);
            foreach (Caller caller in callers) caller.Dispose();
        }

        foreach (LoadHistory memory in memories) await CheckAsync(memory);
        Assert.Empty(callers.SelectMany(caller => caller.Surprises));
        Report(exits, memories, callers);
        Assert.True(exits.Max() < ExitLimit.TotalSeconds, $"a silo took {exits.Max():F1} s to end");
    });

    private async Task CreateAsync(LoadHistory memory)
    {
        using var http = new HttpClient { BaseAddress = cluster.Stores[0].Address };
        long invoked = Stopwatch.GetTimestamp();
        await new LatentDbClient(http).CreateMemoryAsync(new CreateMemoryRequest(memory.Memory));
        memory.Add(Clients, OperationKind.Create, 1, OperationOutcome.Done, invoked);
    }

    /// <summary>One client of one memory: four writes, then a look, and so on.</summary>
    private static async Task WriteAsync(int client, Caller caller, LoadHistory memory, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            string key = $"{client}-{i}";
            bool isRead = i % 5 == 4;
            if (!isRead) memory.Ask(key, 1);
            long invoked = Stopwatch.GetTimestamp();
            var text = new InjectRequest { Text = $"Person {client} has seen {i} birds in Lisbon." };
            Told<long> told = isRead
                ? await caller.AskAsync($"read of {memory.Memory}", async (c, t) => (await c.Memory(memory.Memory).GetAsync(t)).Version)
                : await caller.AskAsync($"write to {memory.Memory}", async (c, t) => (await c.Memory(memory.Memory).InjectAsync(text, new WriteOptions { IdempotencyKey = key }, t)).Version);
            if (told.Refusal is not null) caller.Surprises.Add($"{key} at {memory.Memory}: {told.Refusal}");
            OperationOutcome outcome = told.IsAnswered ? OperationOutcome.Done : OperationOutcome.Unknown;
            if (told.IsAnswered || !isRead) memory.Add(client, isRead ? OperationKind.Read : OperationKind.Write, told.Value, outcome, invoked, isRead ? null : key);
        }
    }

    /// <summary>Ends a silo while it makes a long answer, and starts it again.</summary>
    /// <returns>Seconds from the signal to its end.</returns>
    private async Task<double> EndAsync(ClusterSilo silo, string memory)
    {
        using var http = new HttpClient { BaseAddress = silo.Address, Timeout = Timeout.InfiniteTimeSpan };
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task answer = Task.Run(() => ReadAnswerAsync(new LatentDbClient(http, new ClientOptions { MaxAttempts = 1 }).Memory(memory), begun));
        await Task.WhenAny(begun.Task, answer);
        long start = Stopwatch.GetTimestamp();
        await silo.TerminateAsync();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await answer;
        await silo.StartAsync();
        await cluster.UntilHealthyAsync();
        return seconds;
    }

    /// <summary>It may be cut when the time of the drain is over; then its end says so.</summary>
    private static async Task ReadAnswerAsync(MemoryClient memory, TaskCompletionSource begun)
    {
        try
        {
            await foreach (QueryStep _ in memory.StreamAsync(LongQuestion)) begun.TrySetResult();
        }
        catch (Exception e) when (e is ApiProblemException or HttpRequestException or IOException)
        {
            begun.TrySetResult();
        }
    }

    private async Task CheckAsync(LoadHistory memory)
    {
        using var http = new HttpClient { BaseAddress = cluster.Stores[^1].Address };
        string versions = await VersionLines.ReadAsync(new LatentDbClient(http).Memory(memory.Memory));
        Assert.Null(Verdict.Of(memory, versions, Clients, Stopwatch.GetTimestamp()));
    }

    private void Report(List<double> exits, LoadHistory[] memories, Caller[] callers)
    {
        exits.Sort();
        Operation[] all = [.. memories.SelectMany(memory => memory.Operations)];
        double[] waits = [.. all.Where(o => o.Outcome == OperationOutcome.Done).Select(o => Stopwatch.GetElapsedTime(o.Invoked, o.Returned).TotalSeconds).Order()];
        output.WriteLine($"{Rounds} silos ended in order: exit after {exits[exits.Count / 2]:F1} s, longest {exits[^1]:F1} s; {all.Length} operations, {memories.Sum(m => m.Acknowledged.Count)} acknowledged writes, {all.Count(o => o.Outcome == OperationOutcome.Unknown)} of unknown outcome");
        output.WriteLine($"time to an answer with all tries: median {waits[waits.Length / 2]:F2} s, longest {waits[^1]:F1} s; tries in vain: {string.Join(", ", callers.SelectMany(c => c.Vain).GroupBy(v => v.Key, (reason, counts) => $"{reason} {counts.Sum(c => c.Value)}"))}");
    }
}
