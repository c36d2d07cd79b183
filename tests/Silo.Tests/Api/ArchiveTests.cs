using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LatentDb.Client.Models;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Api;

/// <summary>Export and import over HTTP and in the client, with the shipped model.</summary>
public sealed class ArchiveTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string MediaType = "application/vnd.latentdb.archive";
    private const string Passphrase = "correct horse – ñandú";

    private RunningSilo Silo => fixture.Silo;

    [Fact]
    public async Task A_memory_comes_back_from_its_archive_with_its_history_texts_snapshots_and_answers()
    {
        string id = await ToldAsync();
        (await Silo.PostAsync($"/v1/memories/{id}/snapshots", """{"name":"before"}""")).Require(201);
        await Silo.InjectAsync(id, "Maria moved to Oslo.");

        byte[] archive = await ExportAsync($"/v1/memories/{id}/export");
        Reply imported = (await ImportAsync($"/v1/memories/import?id={id}-copy", archive)).Require(201);

        Assert.Equal(3, imported.Body.GetProperty("version").GetInt64());
        Assert.Equal($"/v1/memories/{id}-copy", imported.Headers.Location!.OriginalString);
        Assert.Equal("Oslo", await AskAsync($"{id}-copy", "head"));
        Assert.Equal("Lisbon", await AskAsync($"{id}-copy", "before"));
        Assert.Equal(
            (await Silo.GetAsync($"/v1/memories/{id}/versions")).Require(200).Text,
            (await Silo.GetAsync($"/v1/memories/{id}-copy/versions")).Require(200).Text);
        Assert.Equal(
            (await Silo.GetAsync($"/v1/memories/{id}/versions/3/text")).Require(200).Text,
            (await Silo.GetAsync($"/v1/memories/{id}-copy/versions/3/text")).Require(200).Text);
    }

    [Fact]
    public async Task One_version_makes_a_memory_that_begins_with_it()
    {
        string id = await ToldAsync();
        await Silo.InjectAsync(id, "Maria moved to Oslo.");

        byte[] archive = await ExportAsync($"/v1/memories/{id}/export?at=2");
        Reply imported = (await ImportAsync("/v1/memories/import", archive)).Require(201);
        string made = imported.Body.GetProperty("id").GetString()!;

        Assert.Equal(1, imported.Body.GetProperty("version").GetInt64());
        Assert.Equal("Lisbon", await AskAsync(made, "head"));
        JsonElement first = (await Silo.GetAsync($"/v1/memories/{made}/versions/1")).Require(200).Body;
        Assert.Equal("import", first.GetProperty("cause").GetString());
        Assert.Equal(id, first.GetProperty("forked_from").GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_passphrase_seals_the_archive_and_nothing_else_opens_it()
    {
        string id = await ToldAsync();
        string secret = $":{Convert.ToBase64String(Encoding.UTF8.GetBytes(Passphrase))}:";

        byte[] archive = await ExportAsync($"/v1/memories/{id}/export", ("X-Archive-Passphrase", secret));

        Assert.DoesNotContain("Maria", Encoding.Latin1.GetString(archive), StringComparison.Ordinal);
        (await ImportAsync("/v1/memories/import", archive)).RequireProblem(400, "invalid_request");
        (await ImportAsync("/v1/memories/import", archive, ("X-Archive-Passphrase", "another one"))).RequireProblem(422, "archive_invalid");
        (await ImportAsync("/v1/memories/import", archive, ("X-Archive-Passphrase", secret))).Require(201);
    }

    [Fact]
    public async Task The_client_exports_and_imports_as_streams_and_tells_how_far_it_is()
    {
        string id = await ToldAsync();
        using ECDiffieHellman key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using var archive = new MemoryStream();
        var told = new Told();

        var sealing = new ExportOptions { RecipientPublicKey = key.ExportSubjectPublicKeyInfoPem() };
        long bytes = await Silo.Client.Memory(id).ExportAsync(archive, sealing, told);
        archive.Position = 0;
        MemoryDescription made = await Silo.Client.ImportAsync(archive, new ImportOptions { Id = $"{id}-c", PrivateKey = key.ExportPkcs8PrivateKeyPem() }, told);

        Assert.Equal(archive.Length, bytes);
        Assert.Equal(2, made.Version);
        Assert.Equal("Lisbon", await AskAsync($"{id}-c", "head"));
        Assert.Equal(new ByteProgress(bytes, bytes), told.Last);
    }

    [Fact]
    public async Task A_cut_or_changed_archive_leaves_nothing_behind()
    {
        string id = await ToldAsync();
        byte[] archive = await ExportAsync($"/v1/memories/{id}/export");
        byte[] changed = [.. archive];
        changed[archive.Length / 2] ^= 1;

        (await ImportAsync("/v1/memories/import?id=cut", archive[..^10])).RequireProblem(422, "archive_invalid");
        (await ImportAsync("/v1/memories/import?id=cut", changed)).RequireProblem(422, "archive_invalid");
        (await ImportAsync("/v1/memories/import?id=cut", [])).RequireProblem(422, "archive_invalid");
        (await ImportAsync("/v1/memories/import?id=cut", "hello"u8.ToArray())).RequireProblem(422, "archive_invalid");

        (await Silo.GetAsync("/v1/memories/cut")).RequireProblem(404, "memory_not_found");
        (await ImportAsync("/v1/memories/import?id=cut", archive)).Require(201);
        await Silo.DeleteAsync("/v1/memories/cut");
    }

    [Fact]
    public async Task What_cannot_be_exported_or_imported_is_refused_with_its_reason()
    {
        string id = await ToldAsync();
        byte[] archive = await ExportAsync($"/v1/memories/{id}/export");

        (await Silo.GetAsync("/v1/memories/nobody/export")).RequireProblem(404, "memory_not_found");
        (await Silo.GetAsync($"/v1/memories/{id}/export?at=9")).RequireProblem(404, "version_not_found");
        (await Silo.GetAsync($"/v1/memories/{id}/export?at=")).RequireProblem(400, "invalid_request");
        (await SendAsync($"/v1/memories/{id}/export", ("X-Archive-Passphrase", "short"))).RequireProblem(400, "invalid_request");
        (await SendAsync($"/v1/memories/{id}/export", ("X-Archive-Passphrase", ":no base64!:"))).RequireProblem(400, "invalid_request");
        (await SendAsync($"/v1/memories/{id}/export", ("X-Archive-Recipient", "no key"))).RequireProblem(400, "invalid_request");
        (await ImportAsync($"/v1/memories/import?id={id}", archive)).RequireProblem(409, "memory_exists");
        (await ImportAsync("/v1/memories/import?id=-bad", archive)).RequireProblem(400, "invalid_name");
        (await Silo.PostAsync("/v1/memories/import", "{}")).RequireProblem(415, "unsupported_media_type");
    }

    [Fact]
    public async Task An_archive_above_the_limit_of_imports_is_refused()
    {
        await using RunningSilo small = await RunningSilo.StartAsync(null, "--max-import-bytes", "2000");
        string id = await ToldAsync();
        byte[] archive = await ExportAsync($"/v1/memories/{id}/export");

        using var content = RunningSilo.Bytes(archive, MediaType);
        Reply refused = await small.SendAsync(HttpMethod.Post, "/v1/memories/import?id=large", content);

        refused.RequireProblem(413, "body_too_large");
        (await small.GetAsync("/v1/memories/large")).RequireProblem(404, "memory_not_found");
    }

    private async Task<string> ToldAsync()
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, "Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot.");
        return id;
    }

    private async Task<byte[]> ExportAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await Silo.Http.SendAsync(request);
        Assert.Equal(MediaType, response.Content.Headers.ContentType?.MediaType);
        return await response.Content.ReadAsByteArrayAsync();
    }

    private Task<Reply> SendAsync(string path, params (string Name, string Value)[] headers) => Silo.SendAsync(HttpMethod.Get, path, null, headers);

    private Task<Reply> ImportAsync(string path, byte[] archive, params (string Name, string Value)[] headers) =>
        Silo.SendAsync(HttpMethod.Post, path, RunningSilo.Bytes(archive, MediaType), headers);

    private async Task<string> AskAsync(string id, string at) =>
        (await Silo.PostAsync($"/v1/memories/{id}/query", $$"""{"messages":[{"role":"user","content":"Where does Maria live?"}],"max_tokens":8,"at":"{{at}}"}"""))
            .Require(200).Body.GetProperty("text").GetString()!.Trim();

    private sealed class Told : IProgress<ByteProgress>
    {
        public ByteProgress? Last { get; private set; }

        public void Report(ByteProgress value) => Last = value;
    }
}
