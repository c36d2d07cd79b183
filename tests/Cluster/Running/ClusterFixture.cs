using System.Net;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.Cluster.Running;

/// <summary>
/// A cluster of real processes: a PostgreSQL of its own, three silos that own shards and answer clients, two that compute, one data folder, the shipped
/// model. Whatever the tests did, it ends with all of them killed.
/// </summary>
public sealed class ClusterFixture : IAsyncLifetime, IDisposable
{
    /// <summary>More than silos, few enough that opening them all takes a moment.</summary>
    private const int Shards = 24;

    /// <summary>Short, so that a round of faults is; longer than the pauses of a busy machine.</summary>
    private const int LeaseSeconds = 4;

    /// <summary>For how long a silo may write that has not seen the database.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(LeaseSeconds);

    /// <summary>LATENTDB_TEST_COPIES=1: each store silo has a folder of its own, and every shard lies in all three.</summary>
    private static readonly bool IsCopied = Environment.GetEnvironmentVariable("LATENTDB_TEST_COPIES") == "1";

    /// <summary>Of each silo, and of the shards after that: much more than it takes, because two cores may have much else to do.</summary>
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(120);

    private readonly TempFolder _data = new();
    private PostgresServer? _database;

    /// <summary>Own shards and answer clients.</summary>
    public IReadOnlyList<ClusterSilo> Stores { get; private set; } = [];

    /// <summary>Compute.</summary>
    public IReadOnlyList<ClusterSilo> Models { get; private set; } = [];

    /// <summary>Both.</summary>
    public IEnumerable<ClusterSilo> All => Stores.Concat(Models);

    /// <summary>Where they meet.</summary>
    public PostgresServer Database => _database!;

    /// <summary>Who owns what.</summary>
    public ShardTable Table { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (PostgresServer.Programs is null) return; // The tests say why they are skipped.
        _database = await PostgresServer.StartAsync();
        Table = new ShardTable(_database.ConnectionString, Shards);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["LATENTDB__CLUSTERKEY"] = Guid.NewGuid().ToString("N") };
        if (IsCopied) environment["LATENTDB_MASTER_KEY"] = Convert.ToBase64String(new byte[32]);
        Stores = [.. Names("store", 3).Select(name => NewSilo(name, "store,api", environment, IsCopied ? _data.Combine(name) : _data.Path))];
        Models = [.. Names("model", 2).Select(name => NewSilo(name, "model", environment, _data.Path))];
        AppDomain.CurrentDomain.ProcessExit += (_, _) => KillNow();
        try
        {
            await Task.WhenAll(All.Select(silo => silo.StartAsync()));
            await UntilHealthyAsync();
        }
        catch (Exception error)
        {
            string logs = await KeepLogsAsync();
            await DisposeAsync();
            throw new InvalidOperationException($"The cluster did not come up: {error.Message}\n{logs}", error);
        }
    }

    public async Task DisposeAsync()
    {
        await EndAsync();
        if (_database is not null) await _database.DisposeAsync();
        _database = null;
    }

    public void Dispose() => _data.Dispose();

    /// <summary>Runs a test; when it fails, what the silos have printed is kept in a folder and told in short.</summary>
    public async Task WatchAsync(ITestOutputHelper output, Func<Task> test)
    {
        try
        {
            await test();
        }
        catch
        {
            output.WriteLine(await KeepLogsAsync());
            throw;
        }
    }

    /// <summary>Waits until all silos are ready and the store silos have their shares.</summary>
    public async Task UntilHealthyAsync()
    {
        foreach (ClusterSilo silo in All) await UntilReadyAsync(silo);
        await Table.UntilSharedByAsync([.. Stores.Select(silo => silo.Name)], ReadyLimit);
    }

    private static async Task UntilReadyAsync(ClusterSilo silo)
    {
        using var limit = new CancellationTokenSource(ReadyLimit);
        using var http = new HttpClient { BaseAddress = silo.Address };
        string last = string.Empty;
        try
        {
            while (true)
            {
                using HttpResponseMessage answer = await http.GetAsync("/readyz", limit.Token);
                if (answer.StatusCode == HttpStatusCode.OK) return;
                last = await answer.Content.ReadAsStringAsync(limit.Token);
                await Task.Delay(20, limit.Token);
            }
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"{silo.Name} is not ready: {last}", e);
        }
    }

    private ClusterSilo NewSilo(string name, string roles, Dictionary<string, string> environment, string data)
    {
        string[] options = ["--shards", $"{Shards}", "--lease-seconds", $"{LeaseSeconds}", "--threads", "1", "--drain-seconds", "10"];
        if (IsCopied) options = [.. options, "--replication", "quorum", "--access-in-database", "true"];
        return new ClusterSilo(name, roles, environment, data, options, () => new SiloPorts(_database!.Socket, NameOf), PostgresServer.Rest);
    }

    /// <summary>The silo at the other end of a connection, which the kernel knows by its process.</summary>
    private string? NameOf(IPEndPoint caller)
    {
        ClusterSilo[] running = [.. All.Where(silo => silo.ProcessId is not null)];
        int? process = SocketOwner.Find(caller, running.Select(silo => silo.ProcessId).OfType<int>());
        return running.FirstOrDefault(silo => silo.ProcessId == process)?.Name;
    }

    private static IEnumerable<string> Names(string kind, int count) => Enumerable.Range(1, count).Select(i => $"{kind}-{i}");

    /// <summary>For a run that ends without the end of its tests.</summary>
    private void KillNow()
    {
        foreach (ClusterSilo silo in All) silo.KillNow();
    }

    private async Task EndAsync()
    {
        foreach (ClusterSilo silo in All) await silo.DisposeAsync();
    }

    private async Task<string> KeepLogsAsync()
    {
        string folder = Directory.CreateTempSubdirectory("latentdb-cluster-logs-").FullName;
        var tails = new List<string> { $"The silos' output is kept in {folder}." };
        foreach (ClusterSilo silo in All)
        {
            string text = silo.Output;
            await File.WriteAllTextAsync(Path.Combine(folder, $"{silo.Name}.log"), text);
            tails.Add($"==== {silo.Name} ====\n{string.Join('\n', text.Split('\n').TakeLast(12))}");
        }

        return string.Join('\n', tails);
    }
}

/// <summary>All tests of one cluster, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class ClusterTests : ICollectionFixture<ClusterFixture>
{
    public const string Name = "cluster";
}
