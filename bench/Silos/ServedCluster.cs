using LatentDb.MemoryStore.Identity;
using LatentDb.Testing;
using Npgsql;

namespace LatentDb.Silos;

/// <summary>A cluster of real processes with the shipped model, one data folder and a database of its own.</summary>
internal sealed class ServedCluster : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(1);

    private readonly TempFolder _data = new();
    private readonly List<SiloProcess> _fronts = [];
    private readonly List<SiloProcess> _counted = [];
    private readonly List<CpuShare> _shares = [];
    private readonly Settings _settings;

    private ServedCluster(Settings settings, int count)
    {
        _settings = settings;
        Count = count;
        Memories = [.. MemoriesOf(settings)];
    }

    /// <summary>Counted silos.</summary>
    public int Count { get; }

    /// <summary>As many in each shard.</summary>
    public string[] Memories { get; }

    /// <summary>Whom clients ask.</summary>
    public Uri[] Addresses => [.. (_fronts.Count > 0 ? _fronts : _counted).Select(silo => silo.Address)];

    public static async Task<ServedCluster> StartAsync(Settings settings, int count, PostgresServer server)
    {
        var cluster = new ServedCluster(settings, count);
        try
        {
            await cluster.StartAsync(await NewDatabaseAsync(server, count));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>From here on the counted silos have their part of a core and no more; before that they have compiled their code.</summary>
    public void Limit()
    {
        foreach (SiloProcess silo in _counted) _shares.Add(CpuShare.Of(silo.Id, _settings.Share));
    }

    /// <summary>Processor time of the counted silos, and of the front.</summary>
    public (TimeSpan Counted, TimeSpan Front) Used() => (Sum(_counted), Sum(_fronts));

    public async ValueTask DisposeAsync()
    {
        foreach (SiloProcess silo in _fronts.Concat(_counted)) await silo.DisposeAsync();
        foreach (CpuShare share in _shares) share.Dispose();
        _data.Dispose();
    }

    private static TimeSpan Sum(IEnumerable<SiloProcess> silos) => silos.Aggregate(TimeSpan.Zero, (sum, silo) => sum + CpuShare.UsedBy(silo.Id));

    /// <summary>Evenly over the shards, so that no silo has more to do than another.</summary>
    private static IEnumerable<string> MemoriesOf(Settings settings)
    {
        int[] left = [.. Enumerable.Repeat(settings.MemoriesOfAShard, settings.Shards)];
        for (int i = 0; left.Any(count => count > 0); i++)
        {
            string id = $"bench-{i}";
            int shard = ShardId.Of(new MemoryKey(TenantId.Default, MemoryId.Parse(id)), settings.Shards).Value;
            if (left[shard]-- > 0) yield return id;
        }
    }

    private static async Task<string> NewDatabaseAsync(PostgresServer server, int count)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"create database silos{count} template template0", connection);
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = $"silos{count}", MaxPoolSize = 8 }.ConnectionString;
    }

    private async Task StartAsync(string database)
    {
        if (_settings.Arrangement.Front is { } front) _fronts.Add(await StartAsync("front", front, database, []));

        // What a container with less than a core is told by its runtime.
        Dictionary<string, string> one = new(StringComparer.Ordinal) { ["DOTNET_PROCESSOR_COUNT"] = "1" };
        _counted.AddRange(await Task.WhenAll(Enumerable.Range(1, Count).Select(i => StartAsync($"silo-{i}", _settings.Arrangement.Counted, database, one))));
        foreach (SiloProcess silo in _fronts.Concat(_counted)) await UntilReadyAsync(silo);
        await UntilSharedAsync(database);
    }

    private Task<SiloProcess> StartAsync(string name, string roles, string database, Dictionary<string, string> more)
    {
        Dictionary<string, string> environment = new(more, StringComparer.Ordinal) { ["LATENTDB__CLUSTERKEY"] = "silos-of-a-benchmark-know-this-key" };
        return SiloProcess.StartAsync(
            environment, _data.Path, null, "--silo-name", name, "--roles", roles, "--cluster-database", database, "--cluster-urls", $"http://127.0.0.1:{FreePort.Next()}", "--shards", $"{_settings.Shards}", "--threads", "1");
    }

    private static async Task UntilReadyAsync(SiloProcess silo)
    {
        using var limit = new CancellationTokenSource(ReadyLimit);
        using var http = new HttpClient { BaseAddress = silo.Address };
        while (true)
        {
            using HttpResponseMessage answer = await http.GetAsync("/readyz", limit.Token);
            if (answer.IsSuccessStatusCode) return;
            await Task.Delay(50, limit.Token);
        }
    }

    /// <summary>Waits until each owner has as many shards as the others.</summary>
    private async Task UntilSharedAsync(string database)
    {
        using var limit = new CancellationTokenSource(ReadyLimit);
        int owners = _settings.Arrangement.OwnsInCounted ? Count : 1;
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(limit.Token);
        await using var even = new NpgsqlCommand(
            $"select count(*) from (select owner from latentdb_shards where owner is not null group by owner having count(*) = {_settings.Shards / owners}) as owners", connection);
        while ((long)(await even.ExecuteScalarAsync(limit.Token))! != owners) await Task.Delay(50, limit.Token);
    }
}
