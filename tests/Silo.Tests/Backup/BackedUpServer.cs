using System.Net.Http.Json;
using System.Text.Json;
using LatentDb.MemoryStore.Backup;
using LatentDb.MemoryStore.Disk;
using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Backup;

/// <summary>A server's program with the two places of its backups, and folders for what is restored.</summary>
internal sealed class BackedUpServer : IDisposable
{
    private const int Shards = 2;

    private readonly TempFolder _root = new();
    private readonly string _masterKey = Convert.ToBase64String(Guid.NewGuid().ToByteArray().Concat(Guid.NewGuid().ToByteArray()).ToArray());

    public BackedUpServer()
    {
        foreach (string place in (string[])["place", "keys"]) Directory.CreateDirectory(_root.Combine(place));
    }

    public string Data => _root.Combine("data");

    public string PlaceOfPieces => _root.Combine("place");

    public string Folder(string name) => _root.Combine(name);

    /// <summary>Starts it on a folder, with a pass each second.</summary>
    public async Task<(SiloProcess Silo, HttpClient Http)> StartAsync(string data)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["LATENTDB_MASTER_KEY"] = _masterKey };
        SiloProcess silo = await SiloProcess.StartAsync(environment, data, null, ["--shards", $"{Shards}", "--backup-seconds", "1", .. Places]);
        var http = new HttpClient { BaseAddress = silo.Address };
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!(await http.GetAsync("/readyz", limit.Token)).IsSuccessStatusCode) await Task.Delay(10, limit.Token);
        return (silo, http);
    }

    /// <summary>A verb of the same program; the places are given.</summary>
    public Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) =>
        Shell.RunToEndAsync("env", [$"LATENTDB_MASTER_KEY={_masterKey}", "dotnet", BuiltPrograms.Path("Silo"), .. arguments, .. Places]);

    /// <summary>Waits for a pass over every shard that began after this call; a moment at which all that was written before is in the backup.</summary>
    public async Task<DateTimeOffset> BackedUpAsync()
    {
        var reader = new BackupReader(new BackupPlaces(new FolderPlace(LocalDisk.Instance, PlaceOfPieces), new FolderPlace(LocalDisk.Instance, Folder("keys"))));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while ((await reader.ListAsync(limit.Token)).Where(point => point.At > now).DistinctBy(point => point.Shard).Count() < Shards) await Task.Delay(20, limit.Token);
        return TimeProvider.System.GetUtcNow();
    }

    public static async Task InjectAsync(HttpClient http, string memory, string text) =>
        (await http.PostAsJsonAsync($"/v1/memories/{memory}/inject", new { text })).EnsureSuccessStatusCode();

    public static async Task<long> VersionAsync(HttpClient http, string memory) => (await http.GetFromJsonAsync<JsonElement>($"/v1/memories/{memory}")).GetProperty("version").GetInt64();

    public void Dispose() => _root.Dispose();

    private string[] Places => ["--backup-place", PlaceOfPieces, "--backup-keys-place", Folder("keys")];
}
