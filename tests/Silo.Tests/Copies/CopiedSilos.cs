using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;
using Npgsql;

namespace LatentDb.Silo.Tests.Copies;

/// <summary>Processes of silos with a folder each, a database in which they meet, and one memory that is written.</summary>
internal sealed class CopiedSilos(string mode, params string[] options) : IAsyncDisposable
{
    public const string Memory = "bob";

    private const int Shards = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TempFolder _root = new();
    private readonly Dictionary<string, SiloProcess> _silos = new(StringComparer.Ordinal);
    private readonly string _clusterKey = Guid.NewGuid().ToString("N");
    private readonly string _masterKey = Convert.ToBase64String(new byte[32]);
    private PostgresServer _database = null!;

    public string Database => _database.ConnectionString;

    public string Folder(string name) => _root.Combine(name);

    public async Task StartDatabaseAsync() => _database = await PostgresServer.StartAsync();

    /// <summary>The database is gone with all that was in it, and an empty one is there.</summary>
    public async Task LoseDatabaseAsync()
    {
        await _database.DisposeAsync();
        await StartDatabaseAsync();
    }

    /// <summary>Starts a silo on its folder, whatever is in it.</summary>
    public async Task StartAsync(string name, params string[] more)
    {
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["LATENTDB__CLUSTERKEY"] = _clusterKey, ["LATENTDB_MASTER_KEY"] = _masterKey };
        _silos[name] = await SiloProcess.StartAsync(environment, Folder(name), null,
        [
            "--silo-name", name, "--cluster-urls", $"http://{address}", "--cluster-address", address, "--cluster-database", Database, "--access-in-database", "true",
            "--shards", $"{Shards}", "--lease-seconds", "5", "--threads", "1", "--drain-seconds", "5", "--replication", mode, .. options, .. more,
        ]);
    }

    public async Task KillAsync(string name)
    {
        await _silos[name].DisposeAsync();
        _silos.Remove(name);
    }

    public async Task TerminateAsync(string name)
    {
        Assert.Equal(0, await _silos[name].TerminateAsync());
        await KillAsync(name);
    }

    public void Lose(string name) => Directory.Delete(Folder(name), recursive: true);

    /// <summary>A verb of the server's program.</summary>
    public Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) =>
        Shell.RunToEndAsync("env", [$"LATENTDB_MASTER_KEY={_masterKey}", "dotnet", BuiltPrograms.Path("Silo"), .. arguments]);

    /// <summary>Waits until these copies of every shard count.</summary>
    public async Task CountAsync(params string[] names)
    {
        await using var connection = new NpgsqlConnection(Database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select shard, owner, term, array_to_string(copies, ' '), copies = $1 from latentdb_shards order by shard", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = names });
        using var limit = new CancellationTokenSource(Patience);
        var rows = new List<string>();
        for (int counted = 0; counted < Shards; await Task.Delay(50, CancellationToken.None))
        {
            counted = 0;
            rows.Clear();
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CancellationToken.None);
            while (await reader.ReadAsync(CancellationToken.None))
            {
                if (reader.GetBoolean(4)) counted++;
                rows.Add($"shard {reader.GetValue(0)} of {reader.GetValue(1)}, term {reader.GetValue(2)}: {reader.GetValue(3)}");
            }

            if (limit.IsCancellationRequested) throw new TimeoutException($"{string.Join('\n', rows)}\n{string.Join('\n', _silos.Select(silo => $"{silo.Key}:\n{silo.Value.Output}"))}");
        }
    }

    /// <summary>Waits until nobody has a lease of a shard.</summary>
    public async Task LeasesEndAsync()
    {
        await using var connection = new NpgsqlConnection(Database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select count(*) from latentdb_shards where owner is not null and lease_until > clock_timestamp()", connection);
        using var limit = new CancellationTokenSource(Patience);
        while ((long)(await command.ExecuteScalarAsync(limit.Token))! > 0) await Task.Delay(50, limit.Token);
    }

    /// <summary>Who owns the memory's shard.</summary>
    public async Task<string> OwnerAsync()
    {
        int shard = ShardId.Of(new MemoryKey(TenantId.Default, MemoryId.Parse(Memory)), Shards).Value;
        await using var connection = new NpgsqlConnection(Database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select owner from latentdb_shards where shard = $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = shard });
        return (string)(await command.ExecuteScalarAsync())!;
    }

    public Task CreateAsync(string at) => SendAsync(at, HttpMethod.Post, "/v1/memories", new { id = Memory });

    /// <summary>Writes under a key of its own until it is acknowledged; the version that it made.</summary>
    public async Task<long> InjectAsync(string at, string key) =>
        (await SendAsync(at, HttpMethod.Post, $"/v1/memories/{Memory}/inject", new { text = $"Maria has seen {key} birds in Lisbon." }, key)).GetProperty("version").GetInt64();

    public async Task<long> HeadAsync(string at) => (await SendAsync(at, HttpMethod.Get, $"/v1/memories/{Memory}", null)).GetProperty("version").GetInt64();

    /// <summary>Keys of the injects, by version.</summary>
    public async Task<Dictionary<long, string>> KeysAsync(string at) =>
        (await SendAsync(at, HttpMethod.Get, $"/v1/memories/{Memory}/versions?limit=200", null)).GetProperty("items").EnumerateArray()
            .Where(version => version.GetProperty("cause").GetString() == "inject")
            .ToDictionary(version => version.GetProperty("version").GetInt64(), version => version.GetProperty("idempotency_key").GetString()!);

    /// <summary>What a silo tells of itself under a name of a metric, the largest.</summary>
    public async Task<double> MetricAsync(string at, string name)
    {
        using var http = new HttpClient { BaseAddress = _silos[at].Address };
        string text = await http.GetStringAsync("/metrics");
        return text.Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal)).Select(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)).Max();
    }

    /// <summary>What a silo has printed.</summary>
    public string OutputOf(string name) => _silos[name].Output;

    public async ValueTask DisposeAsync()
    {
        foreach (SiloProcess silo in _silos.Values) await silo.DisposeAsync();
        await _database.DisposeAsync();
        _root.Dispose();
    }

    /// <summary>Asks until it is answered: what fails in passing is asked again.</summary>
    private async Task<JsonElement> SendAsync(string at, HttpMethod method, string path, object? body, string? key = null)
    {
        using var http = new HttpClient { BaseAddress = _silos[at].Address };
        using var limit = new CancellationTokenSource(Patience);
        string last = string.Empty;
        while (!limit.IsCancellationRequested)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            if (key is not null) request.Headers.Add("Idempotency-Key", key);
            using HttpResponseMessage answer = await http.SendAsync(request, CancellationToken.None);
            last = await answer.Content.ReadAsStringAsync(CancellationToken.None);
            if (answer.IsSuccessStatusCode) return JsonSerializer.Deserialize<JsonElement>(last);
            Assert.True(answer.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests, last);
            await Task.Delay(100, CancellationToken.None);
        }

        throw new TimeoutException($"{method} {path} at {at}: {last}\n{string.Join('\n', OutputOf(at).Split('\n').TakeLast(30))}");
    }
}
