using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using LatentDb.Silo.Tests.Security;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.Silo.Tests.Cluster;

/// <summary>Two silos as processes with https between them: calls cross, certificates are renewed under them, and a key that one revokes opens nothing at the other.</summary>
public sealed class SecureClusterTests(ITestOutputHelper output) : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly TempFolder _root = new();
    private readonly TestAuthority _authority = new("cluster");
    private readonly string _adminKey = Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N");
    private readonly string _clusterKey = Guid.NewGuid().ToString("N");
    private readonly List<SiloProcess> _silos = [];
    private PostgresServer? _database;

    public async Task InitializeAsync()
    {
        if (PostgresServer.Programs is not null) _database = await PostgresServer.StartAsync();
    }

    public async Task DisposeAsync()
    {
        foreach (SiloProcess silo in _silos) await silo.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
    }

    public void Dispose()
    {
        _authority.Dispose();
        _root.Dispose();
    }

    [RequiresPostgresFact]
    public async Task Calls_cross_over_https_and_a_key_that_is_revoked_at_one_silo_is_refused_at_the_other()
    {
        using HttpClient a = await StartAsync("a");
        using HttpClient b = await StartAsync("b");
        await RemoteCallsAsync(a, b, "before");
        foreach (string name in (string[])["a", "b"]) _authority.WriteTo(_root.Combine(name));
        await RemoteCallsAsync(b, a, "renewed");

        JsonElement made = await (await a.PostAsJsonAsync("/v1/keys", new { role = "reader" })).EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
        string key = made.GetProperty("key").GetString()!;
        TimeSpan known = await UntilAsync(async () => await StatusAsync(b, key) == HttpStatusCode.OK);
        (await a.DeleteAsync($"/v1/keys/{KeyedSilo.IdOf(key)}")).EnsureSuccessStatusCode();
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(a, key));
        TimeSpan refused = await UntilAsync(async () => await StatusAsync(b, key) == HttpStatusCode.Unauthorized);

        output.WriteLine($"The other silo knew the key after {known.TotalSeconds:F2} s and refused it {refused.TotalSeconds:F2} s after its revocation.");
    }

    /// <summary>Memories made through one silo are written through the other, whoever owns them; some calls of each go to the other one.</summary>
    private static async Task RemoteCallsAsync(HttpClient one, HttpClient other, string name)
    {
        for (int i = 0; i < 6; i++)
        {
            (await one.PostAsJsonAsync("/v1/memories", new { id = $"{name}-{i}" })).EnsureSuccessStatusCode();
            (await other.PostAsJsonAsync($"/v1/memories/{name}-{i}/inject", new { text = "Maria lives in Lisbon." })).EnsureSuccessStatusCode();
        }

        foreach (HttpClient silo in (HttpClient[])[one, other]) Assert.True(await RemoteCallsOfAsync(silo) > 0);
    }

    private static async Task<double> RemoteCallsOfAsync(HttpClient silo) => (await silo.GetStringAsync("/metrics")).Split('\n')
        .Where(line => line.StartsWith("latentdb_grains_routed_total", StringComparison.Ordinal) && line.Contains("way=\"remote\"", StringComparison.Ordinal))
        .Sum(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));

    private static async Task<HttpStatusCode> StatusAsync(HttpClient silo, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/me");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage answer = await silo.SendAsync(request);
        return answer.StatusCode;
    }

    private static async Task<TimeSpan> UntilAsync(Func<Task<bool>> isTrue)
    {
        long start = TimeProvider.System.GetTimestamp();
        using var limit = new CancellationTokenSource(Limit);
        while (!await isTrue()) await Task.Delay(20, limit.Token);
        return TimeProvider.System.GetElapsedTime(start);
    }

    private async Task<HttpClient> StartAsync(string name)
    {
        SiloOptions files = _authority.WriteTo(_root.Combine(name));
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["LATENTDB__CLUSTERKEY"] = _clusterKey, ["LATENTDB__ADMINKEY"] = _adminKey };
        SiloProcess silo = await SiloProcess.StartAsync(environment, _root.Combine("data"), null,
        [
            "--silo-name", name, "--cluster-urls", $"https://{address}", "--cluster-address", address, "--cluster-database", _database!.ConnectionString, "--shards", "4",
            "--cluster-certificate", files.ClusterCertificate, "--cluster-certificate-key", files.ClusterCertificateKey, "--cluster-authority", files.ClusterAuthority, "--threads", "1",
        ]);
        _silos.Add(silo);
        var http = new HttpClient { BaseAddress = silo.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _adminKey);
        await UntilAsync(async () => (await http.GetAsync("/readyz")).IsSuccessStatusCode);
        return http;
    }
}
