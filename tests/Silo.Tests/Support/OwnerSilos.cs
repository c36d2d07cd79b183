using LatentDb.MemoryStore.Cluster;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Cluster;
using LatentDb.Silo.Composition;
using LatentDb.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LatentDb.Silo.Tests.Support;

/// <summary>
/// With LATENTDB_TEST_CLUSTER=1 the server of a test is the front of a cluster: it answers clients and computes, and owns nothing. These are the two silos
/// behind it that own the shards, in this process as well, over real links and with a database of their own. So every request goes to another silo, and
/// from there to the front's model and back.
/// </summary>
internal sealed class OwnerSilos : IAsyncDisposable
{
    /// <summary>Enough that memories of a test lie at both, few enough that opening them takes a moment.</summary>
    private const string Shards = "8";

    /// <summary>Long: a statement may take a quarter of it, and a machine that stands still for a moment is not what these tests ask about.</summary>
    private const string LeaseSeconds = "30";

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(1);

    private readonly List<WebApplication> _owners = [];
    private readonly string _data;
    private readonly string _database;
    private readonly LogGuard _logs;

    private OwnerSilos(string data, string database, LogGuard logs)
    {
        _data = data;
        _database = database;
        _logs = logs;
    }

    /// <summary>True: the tests of this run ask a cluster.</summary>
    public static bool AreWanted { get; } = Environment.GetEnvironmentVariable("LATENTDB_TEST_CLUSTER") == "1";

    /// <summary>A cluster without a silo.</summary>
    /// <param name="data">The folder that all share.</param>
    /// <param name="logs">Where all log to: a warning of an owner fails a test as well.</param>
    public static async Task<OwnerSilos> NewAsync(string data, LogGuard logs)
    {
        // A secret, so not on a command line.
        Environment.SetEnvironmentVariable("LATENTDB__CLUSTERKEY", "the-silos-of-these-tests-know-this-key");
        return new OwnerSilos(data, await RunDatabase.NewDatabaseAsync(), logs);
    }

    /// <summary>What the front is started with before what its test asks for.</summary>
    public string[] FrontOptions() => Options("front", "api,model");

    /// <summary>Starts the owners; the front starts beside them.</summary>
    /// <param name="more">What the test asks for.</param>
    public async Task StartAsync(string[] more)
    {
        // Where clients reach an owner matters to nobody, and a certificate for it would.
        foreach (string name in (string[])["owner-1", "owner-2"])
        {
            _owners.Add(SiloBuilder.Build([.. Options(name, "store"), .. more, "--urls", "http://127.0.0.1:0"], builder =>
            {
                builder.Logging.ClearProviders();
                builder.Logging.AddProvider(_logs);
            }));
        }

        await Task.WhenAll(_owners.Select(owner => owner.StartAsync()));
    }

    /// <summary>Waits until the front knows an owner for each shard, each has its share, and both know the model if it is there.</summary>
    public async Task UntilReadyAsync(WebApplication front, bool hasModel)
    {
        using var limit = new CancellationTokenSource(ReadyLimit);
        IClusterView view = front.Services.GetRequiredService<IClusterView>();
        int shards = front.Services.GetRequiredService<SiloOptions>().ShardCount();
        ClusterView current = view.Current;
        while (!IsShared(current, shards)) current = await view.WaitForAsync(current.Number, limit.Token);
        foreach (WebApplication owner in _owners)
        {
            var standing = owner.Services.GetRequiredService<SiloStanding>();
            var model = owner.Services.GetRequiredService<IModelHost>();
            while (standing.Store() != "ready" || (hasModel && !model.IsReady)) await Task.Delay(5, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_owners.Select(owner => owner.StopAsync()));
        foreach (WebApplication owner in _owners) await owner.DisposeAsync();
    }

    private string[] Options(string name, string roles) =>
    [
        "--data", _data, "--cluster-database", _database, "--cluster-urls", $"http://127.0.0.1:{FreePort.Next()}", "--silo-name", name, "--roles", roles, "--shards", Shards,
        "--lease-seconds", LeaseSeconds, "--access-in-database", "true",
    ];

    private bool IsShared(ClusterView view, int shards)
    {
        if (view.Silos.Length != _owners.Count + 1) return false;
        return ShardAssignment.Of(view, shards).SequenceEqual(view.Owners, StringComparer.Ordinal);
    }
}
