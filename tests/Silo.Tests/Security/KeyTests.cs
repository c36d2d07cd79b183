using System.Text.Json;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Security;

/// <summary>The life of keys over HTTP.</summary>
public sealed class KeyTests
{
    [Fact]
    public async Task The_first_key_must_be_an_operators_that_lasts_and_from_then_on_nobody_comes_in_without_one()
    {
        await using RunningSilo silo = await RunningSilo.StartAsync(new EchoModelHost());

        (await silo.PostAsync("/v1/keys", """{"role":"admin"}""")).RequireProblem(409, "first_key_must_be_operator");
        (await silo.PostAsync("/v1/admin/keys", """{"expires_at":"2100-01-01T00:00:00Z"}""")).RequireProblem(409, "first_key_must_be_operator");
        (await silo.GetAsync("/v1/memories")).Require(200);
        string key = (await silo.PostAsync("/v1/admin/keys", "{}")).Require(201).Body.GetProperty("key").GetString()!;

        Reply refused = (await silo.GetAsync("/v1/memories")).RequireProblem(401, "unauthenticated");
        Assert.Equal("Bearer realm=\"latentdb\"", refused.Headers.WwwAuthenticate.ToString());
        (await silo.SendAsync(HttpMethod.Get, "/v1/memories", null, ("Authorization", $"Bearer {key}"))).Require(200);
        (await silo.GetAsync("/healthz")).Require(200);
    }

    [EmbeddedFact(Alone.Keys)]
    public async Task A_key_is_shown_once_and_its_secret_is_nowhere_on_disk()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string key = await keyed.NewKeyAsync("writer");

        Reply shown = (await keyed.GetAsync(keyed.OperatorKey, $"/v1/keys/{KeyedSilo.IdOf(key)}")).Require(200);
        Reply listed = (await keyed.GetAsync(keyed.OperatorKey, "/v1/keys")).Require(200);

        string secret = key[17..60];
        Assert.Equal(("writer", "default", "active"), Describe(shown.Body));
        Assert.DoesNotContain(secret, shown.Text + listed.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, await File.ReadAllTextAsync(Path.Combine(keyed.Silo.Data, "access")), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(keyed.Silo.Data, "access")));
    }

    [Fact]
    public async Task A_revoked_key_opens_nothing_from_the_answer_on()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string key = await keyed.NewKeyAsync("reader");
        (await keyed.GetAsync(key, "/v1/memories")).Require(200);

        (await keyed.DeleteAsync(keyed.OperatorKey, $"/v1/keys/{KeyedSilo.IdOf(key)}")).Require(204);

        (await keyed.GetAsync(key, "/v1/memories")).RequireProblem(401, "unauthenticated");
        (await keyed.DeleteAsync(keyed.OperatorKey, $"/v1/keys/{KeyedSilo.IdOf(key)}")).Require(204);
    }

    [Fact]
    public async Task The_last_operator_key_that_lasts_cannot_be_revoked()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string path = $"/v1/admin/keys/{KeyedSilo.IdOf(keyed.OperatorKey)}";
        (await keyed.PostAsync(keyed.OperatorKey, "/v1/admin/keys", """{"expires_at":"2100-01-01T00:00:00Z"}""")).Require(201);

        (await keyed.DeleteAsync(keyed.OperatorKey, path)).RequireProblem(409, "last_operator_key");
        (await keyed.PostAsync(keyed.OperatorKey, "/v1/admin/keys", "{}")).Require(201);
        (await keyed.DeleteAsync(keyed.OperatorKey, path)).Require(204);
    }

    [Fact]
    public async Task A_rotated_key_goes_on_for_its_grace_and_not_longer()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string key = await keyed.NewKeyAsync("reader");

        string second = Key(await keyed.PostAsync(keyed.OperatorKey, $"/v1/keys/{KeyedSilo.IdOf(key)}/rotate", """{"grace_seconds":3600}"""));
        (await keyed.GetAsync(key, "/v1/me")).Require(200);
        string third = Key(await keyed.PostAsync(keyed.OperatorKey, $"/v1/keys/{KeyedSilo.IdOf(second)}/rotate", "{}"));

        Reply expired = (await keyed.GetAsync(second, "/v1/me")).RequireProblem(401, "unauthenticated");
        Assert.Contains("expired", expired.Text, StringComparison.Ordinal);
        Assert.Equal("reader", (await keyed.GetAsync(third, "/v1/me")).Require(200).Body.GetProperty("role").GetString());
        (await keyed.PostAsync(keyed.OperatorKey, $"/v1/keys/{KeyedSilo.IdOf(second)}/rotate", "{}")).RequireProblem(409, "key_revoked");
    }

    [Theory]
    [InlineData("""{"role":"operator"}""", 400, "invalid_request")]
    [InlineData("""{"role":"king"}""", 400, "malformed_json")]
    [InlineData("""{"role":"reader","expires_at":"2001-01-01T00:00:00Z"}""", 400, "invalid_request")]
    [InlineData("""{"role":"reader","name":"a\nb"}""", 400, "invalid_request")]
    public async Task What_makes_no_sense_makes_no_key(string body, int status, string code)
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();

        (await keyed.PostAsync(keyed.OperatorKey, "/v1/keys", body)).RequireProblem(status, code);

        Assert.Empty((await keyed.GetAsync(keyed.OperatorKey, "/v1/keys")).Require(200).Body.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Keys_are_listed_page_by_page()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string[] made = [.. await MakeAsync(keyed, 5)];

        Reply first = (await keyed.GetAsync(keyed.OperatorKey, "/v1/keys?limit=3")).Require(200);
        Reply second = (await keyed.GetAsync(keyed.OperatorKey, $"/v1/keys?limit=3&cursor={first.Body.GetProperty("next_cursor").GetString()}")).Require(200);

        Assert.False(second.Body.TryGetProperty("next_cursor", out _));
        Assert.Equal(made.Order(StringComparer.Ordinal), Ids(first).Concat(Ids(second)));
    }

    private static async Task<List<string>> MakeAsync(KeyedSilo keyed, int count)
    {
        List<string> ids = [];
        for (int i = 0; i < count; i++) ids.Add(KeyedSilo.IdOf(await keyed.NewKeyAsync("reader")));
        return ids;
    }

    private static IEnumerable<string> Ids(Reply page) => page.Body.GetProperty("items").EnumerateArray().Select(k => k.GetProperty("key_id").GetString()!);

    private static string Key(Reply reply) => reply.Require(201).Body.GetProperty("key").GetString()!;

    private static (string?, string?, string?) Describe(JsonElement key) =>
        (key.GetProperty("role").GetString(), key.GetProperty("tenant").GetString(), key.GetProperty("status").GetString());
}
