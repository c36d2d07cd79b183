using System.Net;
using System.Net.Http.Json;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Backup;

/// <summary>What operations.md tells to do when everything but the places and the master key is gone, done with the server's program.</summary>
public sealed class BackupVerbTests : IDisposable
{
    private readonly BackedUpServer _server = new();

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task A_server_that_was_killed_and_lost_its_folder_comes_back_as_of_each_moment()
    {
        DateTimeOffset early;
        (SiloProcess lost, HttpClient http) = await _server.StartAsync(_server.Data);
        await using (lost)
        {
            using (http)
            {
                foreach (string memory in (string[])["bob", "gone"]) (await http.PostAsJsonAsync("/v1/memories", new { id = memory })).EnsureSuccessStatusCode();
                await BackedUpServer.InjectAsync(http, "bob", "Maria lives in Lisbon.");
                await BackedUpServer.InjectAsync(http, "gone", "Peter works as a baker.");
                early = await _server.BackedUpAsync();
                await BackedUpServer.InjectAsync(http, "bob", "Peter works as a baker.");
                (await http.DeleteAsync("/v1/memories/gone?confirm=gone")).EnsureSuccessStatusCode();
                await _server.BackedUpAsync();
                await lost.KillAsync();
            }
        }

        Directory.Delete(_server.Data, recursive: true);
        await IsToldAsync("2 of 2 shards", "backup", "list");
        await IsToldAsync("0 things are wrong", "backup", "verify");
        await IsToldAsync("Restored 2 shards", "backup", "verify", "--open", _server.Folder("opened"));
        await IsToldAsync("Restored 2 shards", "restore", "--data", _server.Folder("early"), "--at", $"{early:O}");
        Directory.CreateDirectory(Path.Combine(_server.Folder("newest"), "lost+found"));
        await IsToldAsync("Restored 2 shards", "restore", "--data", _server.Folder("newest"));

        await IsThereAsync("early", version: 2);
        await IsThereAsync("newest", version: 3);
    }

    [Fact]
    public async Task A_piece_that_rots_is_told_and_is_not_restored()
    {
        (SiloProcess silo, HttpClient http) = await _server.StartAsync(_server.Data);
        using (http) await _server.BackedUpAsync();
        await silo.DisposeAsync();
        string piece = Directory.EnumerateFiles(Path.Combine(_server.PlaceOfPieces, "pieces"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
        byte[] bytes = await File.ReadAllBytesAsync(piece);
        bytes[0] ^= 1;
        await File.WriteAllBytesAsync(piece, bytes);

        (int verified, string found) = await _server.RunAsync("backup", "verify");
        (int restored, string why) = await _server.RunAsync("restore", "--data", _server.Folder("restored"));

        Assert.Equal((1, 1), (verified, restored));
        Assert.Contains(Path.GetFileName(piece), found, StringComparison.Ordinal);
        Assert.Contains("data_damaged", why, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_server.Folder("restored"), "store")));
    }

    [Theory]
    [InlineData("There is no backup", "restore", "--data", "{new}")]
    [InlineData("is not empty", "restore", "--data", "{place}")]
    [InlineData("--data is missing", "restore")]
    [InlineData("'--colour' is not known", "backup", "list", "--colour", "red")]
    [InlineData("no such verb", "backup", "eat", "--colour", "red")]
    [InlineData("a time is meant", "restore", "--data", "{new}", "--at", "yesterday")]
    public async Task What_cannot_be_done_is_refused_in_one_line(string reason, params string[] arguments)
    {
        await File.WriteAllTextAsync(Path.Combine(_server.PlaceOfPieces, "note"), "not a backup");
        string[] told = [.. arguments.Select(argument => argument.Replace("{new}", _server.Folder("new"), StringComparison.Ordinal).Replace("{place}", _server.PlaceOfPieces, StringComparison.Ordinal))];

        (int exitCode, string output) = await _server.RunAsync(told);

        Assert.Equal(1, exitCode);
        Assert.Contains(reason, Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private async Task IsToldAsync(string line, params string[] arguments)
    {
        (int exitCode, string output) = await _server.RunAsync(arguments);
        Assert.True(exitCode == 0, output);
        Assert.Contains(line, output, StringComparison.Ordinal);
    }

    /// <summary>The folder is served, with that head; what was erased later is in no moment; and it goes on with the same places.</summary>
    private async Task IsThereAsync(string folder, long version)
    {
        (SiloProcess silo, HttpClient http) = await _server.StartAsync(_server.Folder(folder));
        await using (silo)
        {
            using (http)
            {
                Assert.Equal(version, await BackedUpServer.VersionAsync(http, "bob"));
                Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/v1/memories/gone")).StatusCode);
                using HttpResponseMessage answer = await http.PostAsJsonAsync("/v1/memories/bob/query", new { prompt = "Where does Maria live?", max_tokens = 4 });
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                await BackedUpServer.InjectAsync(http, "bob", "Anna lives in Oslo.");
                await _server.BackedUpAsync();
                Assert.Equal(0, await silo.TerminateAsync());
            }
        }
    }
}
