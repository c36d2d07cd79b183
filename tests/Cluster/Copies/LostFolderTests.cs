using System.Diagnostics;
using LatentDb.Client;
using LatentDb.Client.Models;
using LatentDb.Cluster.Running;
using LatentDb.Testing;
using Npgsql;
using Xunit.Abstractions;

namespace LatentDb.Cluster.Copies;

/// <summary>
/// Three silos with a data folder each, every shard at all three. An owner is killed and its folder deleted while clients write: every write that was
/// acknowledged is there, and the silo comes back empty and is filled. Then the same with another one.
/// </summary>
public sealed class LostFolderTests(ITestOutputHelper output)
{
    private const int Shards = 6;
    private const int Clients = 3;
    private const int MaxTries = 300;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    [RequiresPostgresFact]
    public async Task What_was_acknowledged_outlives_the_loss_of_an_owner_with_its_folder()
    {
        await using PostgresServer database = await PostgresServer.StartAsync();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["LATENTDB__CLUSTERKEY"] = Guid.NewGuid().ToString("N"),
            ["LATENTDB_MASTER_KEY"] = Convert.ToBase64String(new byte[32]),
        };
        string[] options =
        [
            "--shards", $"{Shards}", "--lease-seconds", "4", "--threads", "1", "--drain-seconds", "10",
            "--access-in-database", "true", "--replication", "quorum", "--replicas", "3", "--min-in-sync", "2",
        ];
        using TempFolder a = new(), b = new(), c = new();
        TempFolder[] folders = [a, b, c];
        ClusterSilo[] silos = [.. folders.Select((folder, i) => new ClusterSilo($"silo-{i}", "store,model,api", environment, folder.Path, options, () => new SiloPorts(database.Socket, _ => null), PostgresServer.Rest))];
        try
        {
            foreach (ClusterSilo silo in silos) await silo.StartAsync();
            await RunAsync(silos, folders, database.ConnectionString);
        }
        catch (Exception error)
        {
            foreach (ClusterSilo silo in silos) output.WriteLine($"==== {silo.Name} ====\n{string.Join('\n', silo.Output.Split('\n').TakeLast(60))}");
            throw new InvalidOperationException("The copies did not hold.", error);
        }
        finally
        {
            foreach (ClusterSilo silo in silos) await silo.DisposeAsync();
        }
    }

    private async Task RunAsync(ClusterSilo[] silos, TempFolder[] folders, string database)
    {
        var table = new ShardTable(database, Shards);
        await CopiedAsync(database);
        await table.UntilSharedByAsync([.. silos.Select(silo => silo.Name)], Limit);
        using var stop = new CancellationTokenSource();
        CopyWriter[] writers = [.. Enumerable.Range(0, Clients).Select(i => new CopyWriter($"copied-{i}", silos))];
        foreach (CopyWriter writer in writers) await writer.CreateAsync();
        Task[] running = [.. writers.Select(writer => Task.Run(() => writer.RunAsync(stop.Token)))];
        for (int lost = 0; lost < 2; lost++)
        {
            string memory = writers[lost].Memory;
            string owner = (await table.OwnersAsync())[table.ShardOf(memory)];
            int silo = Array.FindIndex(silos, s => s.Name == owner);
            await UntilAsync(() => writers.All(writer => writer.Acknowledged.Count > 5 * (lost + 1)));
            long start = Stopwatch.GetTimestamp();
            await silos[silo].KillAsync();
            Directory.Delete(folders[silo].Path, recursive: true);
            Directory.CreateDirectory(folders[silo].Path);
            int before = writers[lost].Acknowledged.Count;
            await UntilAsync(() => writers[lost].Acknowledged.Count > before);
            output.WriteLine($"{owner}, the owner of {memory}, lost with its folder; the next write was acknowledged after {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
            await silos[silo].StartAsync();
            await CopiedAsync(database);
            output.WriteLine($"{owner} has copies of all shards again after {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
        }

        await stop.CancelAsync();
        await Task.WhenAll(running);
        foreach (CopyWriter writer in writers) await writer.CheckAsync();
        output.WriteLine($"{writers.Sum(writer => writer.Acknowledged.Count)} writes acknowledged, none lost; longest wait {writers.Max(writer => writer.LongestWait).TotalSeconds:F1} s");
    }

    /// <summary>Waits until every shard has three copies that count.</summary>
    private static async Task CopiedAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select string_agg(format('%s: %s', shard, copies), ', ' order by shard), count(*) filter (where cardinality(copies) = 3) from latentdb_shards", connection);
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            await using (NpgsqlDataReader row = await command.ExecuteReaderAsync())
            {
                await row.ReadAsync();
                if (row.GetInt64(1) == Shards) return;
                if (Stopwatch.GetElapsedTime(start) > Limit) throw new TimeoutException($"not every shard has three copies that count: {row.GetString(0)}");
            }

            await Task.Delay(Pause);
        }
    }

    private static async Task UntilAsync(Func<bool> isTrue)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!isTrue()) await Task.Delay(Pause, limit.Token);
    }

    /// <summary>One client of one memory: what fails in passing it sends again under the same key, to the next silo.</summary>
    private sealed class CopyWriter(string memory, ClusterSilo[] silos)
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

        public string Memory => memory;

        /// <summary>Version by key.</summary>
        public System.Collections.Concurrent.ConcurrentDictionary<string, long> Acknowledged { get; } = new(StringComparer.Ordinal);

        public TimeSpan LongestWait { get; private set; }

        public Task<long> CreateAsync() => AskAsync(async (client, token) => (await client.CreateMemoryAsync(new CreateMemoryRequest(memory), new WriteOptions { IdempotencyKey = "create" }, token)).Version);

        public async Task RunAsync(CancellationToken stop)
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                string key = $"key-{i}";
                var write = new WriteOptions { IdempotencyKey = key };
                long start = Stopwatch.GetTimestamp();
                Acknowledged[key] = await AskAsync(async (client, token) => (await client.Memory(memory).InjectAsync(new InjectRequest { Text = $"Maria has seen {i} birds in Lisbon." }, write, token)).Version);
                TimeSpan waited = Stopwatch.GetElapsedTime(start);
                if (waited > LongestWait) LongestWait = waited;
            }
        }

        /// <summary>Every acknowledged write is there, once, as the version that was told.</summary>
        public async Task CheckAsync()
        {
            var found = new Dictionary<string, long>(StringComparer.Ordinal);
            string? cursor = null;
            do
            {
                using var http = new HttpClient { BaseAddress = silos[0].Address };
                Page<VersionDescription> page = await new LatentDbClient(http).Memory(memory).ListVersionsAsync(200, cursor);
                foreach (VersionDescription version in page.Items.Where(v => v.Cause == "inject")) found.Add(version.IdempotencyKey!, version.Version);
                cursor = page.NextCursor;
            }
            while (cursor is not null);
            foreach ((string key, long version) in Acknowledged) Assert.Equal(version, found.GetValueOrDefault(key));
        }

        private async Task<long> AskAsync(Func<LatentDbClient, CancellationToken, Task<long>> ask)
        {
            string last = string.Empty;
            for (int attempt = 0; attempt < MaxTries; attempt++)
            {
                using var patience = new CancellationTokenSource(Patience);
                using var http = new HttpClient { BaseAddress = silos[attempt % silos.Length].Address, Timeout = Timeout.InfiniteTimeSpan };
                try
                {
                    return await ask(new LatentDbClient(http, new ClientOptions { MaxAttempts = 1 }), patience.Token);
                }
                catch (ApiProblemException refusal) when ((int)refusal.Status is 503 or 429)
                {
                    last = refusal.Message;
                }
                catch (Exception broken) when (broken is HttpRequestException or IOException or OperationCanceledException)
                {
                    last = broken.Message;
                }

                await Task.Delay(Pause, CancellationToken.None);
            }

            throw new TimeoutException($"{memory}: {last}");
        }
    }
}
