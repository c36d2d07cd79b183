using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using LatentDb.Silo.Tests.Support;
using Xunit.Abstractions;

namespace LatentDb.Silo.Tests.Security;

/// <summary>T26: names that would be paths, in addresses as they are and in bodies; no file is made or touched but the server's own.</summary>
public sealed class PathTraversalTests(ITestOutputHelper output)
{
    private static readonly string[] Pieces =
    [
        "../", "..\\", "%2e%2e/", "%2e%2e%2f", "..%2f", "..%5c", "%252e%252e%252f", "....//", "..;/", "/", "\\", "%00", "\u0000", ".", "..", "~", "%c0%ae%c0%ae/", "\u202e", "CON", "NUL.txt", "aux:",
        "file:///", "\\\\server\\share\\", "C:\\", "$(id)", "`id`", "|id", "%0d%0aX-A: b", "\r\nX-A: b", "*", "?", "\u00e9", "\ud83d\ude00", "Default", "DEFAULT",
    ];

    private static readonly string[] Targets = ["etc/passwd", "access", "master.key", "audit/anchor", "canary", "shard-0000/state", "tmp/canary", "", "x"];

    [Fact]
    public async Task No_name_leads_out_of_the_servers_own_files()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync("--shards", "1"); // Another one would have no files before its first memory.
        (await keyed.PostAsync(keyed.OperatorKey, "/v1/memories", """{"id":"bob"}""")).Require(201);
        string[] names = [.. Pieces.SelectMany(p => Targets.SelectMany(t => (string[])[p + t, p + p + p + t])).Append(new string('a', 4096)).Append("../../" + new string('a', 4096)).Distinct(StringComparer.Ordinal)];
        string[] before = Files(keyed.Silo.Data);
        string outside = Directory.GetParent(keyed.Silo.Data)!.FullName;
        Dictionary<string, int> statuses = new(StringComparer.Ordinal);

        foreach (string name in names)
        {
            foreach (string target in (string[])[$"/v1/memories/{name}", $"/v1/memories/bob/snapshots/{name}", $"/v1/admin/tenants/{name}", $"/v1/keys/{name}", $"/{name}"])
            {
                await CountAsync(statuses, "address", SendRawAsync(keyed, target));
            }

            string text = JsonSerializer.Serialize(name);
            foreach ((string path, string property) in (ValueTuple<string, string>[])[("/v1/memories", "id"), ("/v1/memories/bob/snapshots", "name"), ("/v1/memories/bob/fork", "id"), ("/v1/admin/tenants", "id")])
            {
                await CountAsync(statuses, "body", SendAsync(keyed, path, $$"""{"{{property}}":{{text}}}"""));
            }
        }

        Assert.Equal(before, Files(keyed.Silo.Data));
        Assert.False(Path.Exists(Path.Combine(outside, "canary")));
        Assert.True(names.Length >= 500, $"{names.Length} names");
        Assert.DoesNotContain(statuses.Keys, s => s.Contains(" 5", StringComparison.Ordinal));
        output.WriteLine($"{names.Length} names: {string.Join(", ", statuses.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key}: {s.Value}"))}.");
    }

    private static async Task CountAsync(Dictionary<string, int> statuses, string where, Task<int> status)
    {
        string key = $"{where} {await status}";
        statuses[key] = statuses.GetValueOrDefault(key) + 1;
    }

    private static async Task<int> SendAsync(KeyedSilo keyed, string path, string json)
    {
        Reply reply = await keyed.PostAsync(keyed.OperatorKey, path, json);
        Assert.True(reply.Status is 201 or (>= 400 and < 500), reply.Text);
        return reply.Status;
    }

    /// <summary>As the bytes are, because clients tidy an address up before they send it. 0 = the connection was closed without an answer.</summary>
    private static async Task<int> SendRawAsync(KeyedSilo keyed, string target)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", keyed.Silo.Http.BaseAddress!.Port);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {keyed.OperatorKey}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        string answer = await reader.ReadToEndAsync();
        Assert.DoesNotContain("root:", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("latentdb-access", answer, StringComparison.Ordinal);
        return answer.Length > 12 ? int.Parse(answer.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>Names of all files: the store's own grow, and none is added.</summary>
    private static string[] Files(string folder) => [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".tmp", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
