namespace LatentDb.Silo.Tests.Security;

/// <summary>T32: no key is in a log, a file or an answer, but the one that shows it.</summary>
public sealed class SecretTests
{
    [Fact]
    public async Task No_secret_is_in_any_log_line_file_or_later_answer()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        List<string> keys = [keyed.OperatorKey];
        foreach (string role in (string[])["reader", "writer", "admin"]) keys.Add(await keyed.NewKeyAsync(role, "acme"));
        keys.Add((await keyed.SendAsync(keyed.OperatorKey, HttpMethod.Post, $"/v1/keys/{KeyedSilo.IdOf(keys[1])}/rotate", "{}", ("X-Tenant-Id", "acme"))).Require(201).Body.GetProperty("key").GetString()!);
        List<string> answers = [];
        foreach (string key in keys)
        {
            foreach (string path in (string[])["/v1/me", "/v1/memories", "/v1/keys", "/v1/audit", "/v1/usage", "/v1/admin/keys", "/v1/admin/tenants", "/v1/admin/audit/export", "/metrics", $"/v1/nothing?key={key}"])
            {
                answers.Add((await keyed.GetAsync(key, path)).Text);
            }

            answers.Add((await keyed.PostAsync(key, "/v1/memories", $$"""{"id":"a","metadata":"{{key}}"}""")).Text);
            answers.Add((await keyed.GetAsync($"{key[..^1]}!", "/v1/me")).Text);
        }

        await keyed.Silo.StopAsync();

        string[] secrets = [.. keys.Select(k => k[17..60])];
        string logs = string.Join('\n', keyed.Silo.Logs.Lines.Select(l => $"{l.Message} {l.Error}"));
        string[] files = [.. Directory.EnumerateFiles(keyed.Silo.Data, "*", SearchOption.AllDirectories).Where(f => !f.Contains("shard-", StringComparison.Ordinal) && !f.EndsWith("ballast", StringComparison.Ordinal)).Select(File.ReadAllText)];
        Assert.Contains(files, f => f.Contains("createKey", StringComparison.Ordinal));
        foreach (string secret in secrets)
        {
            Assert.DoesNotContain(answers, a => a.Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(secret, logs, StringComparison.Ordinal);
            Assert.DoesNotContain(files, f => f.Contains(secret, StringComparison.Ordinal));
        }
    }
}
