using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using LatentDb.Silo.Tests.Support;
using Xunit.Abstractions;

namespace LatentDb.Silo.Tests.Security;

/// <summary>
/// T25: every operation of the description, tried by each of 20 tenants with what belongs to others. Generated from the description, so that a new
/// operation cannot be missed.
/// </summary>
public sealed class CrossTenantTests(ITestOutputHelper output)
{
    private const int Tenants = 20;
    private const int Parallel = 16;
    private const string Canary = "canary-of-";

    /// <summary>Bodies that would do something, if the id were one's own.</summary>
    private static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["inject"] = """{"text":"mine now"}""",
        ["injectBatch"] = """{"items":[{"text":"mine now"}]}""",
        ["query"] = """{"prompt":"?"}""",
        ["rollback"] = """{"to":"1"}""",
        ["createSnapshot"] = """{"name":"stolen"}""",
        ["updateTenant"] = """{"suspended":true}""",
    };

    /// <summary>Parts of the query without which the id would not even be looked at.</summary>
    private static readonly Dictionary<string, string> Queries = new(StringComparer.Ordinal) { ["diffVersions"] = "?from=1" };

    [Fact]
    public async Task Ten_thousand_attempts_at_what_others_have_find_nothing_and_change_nothing()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        Victim[] victims = await MakeAsync(keyed);
        Operation[] operations = [.. await OperationsAsync(keyed)];
        string[] before = await DescribeAsync(keyed, victims);

        Attempt[] attempts = [.. operations.SelectMany(o => victims.SelectMany(v => Attempts(o, v, victims)))];
        var answers = new ConcurrentBag<(Attempt Attempt, Reply Reply)>();
        await System.Threading.Tasks.Parallel.ForEachAsync(attempts, new ParallelOptions { MaxDegreeOfParallelism = Parallel }, async (attempt, _) =>
            answers.Add((attempt, await keyed.Silo.SendAsync(attempt.Method, attempt.Path, attempt.Body is null ? null : RunningSilo.Bytes(Encoding.UTF8.GetBytes(attempt.Body), attempt.BodyType!), attempt.Headers))));

        Assert.Empty(answers.Where(a => a.Reply.Status is not (401 or 403 or 404) && !(a.Reply.Status == 429 && a.Attempt.IsBadKey)).Select(a => $"{a.Reply.Status} {a.Attempt.Method} {a.Attempt.Path} {a.Reply.Text}").Take(10));
        Assert.Empty(answers.Where(a => Leaks(a.Reply)).Select(a => $"{a.Attempt.Method} {a.Attempt.Path} {a.Reply.Text}").Take(10));
        Assert.Equal(before, await DescribeAsync(keyed, victims));
        Assert.True(answers.Count(a => a.Reply.Status != 429) >= 10_000, $"{attempts.Length} attempts");
        output.WriteLine($"{attempts.Length} attempts at {operations.Length} operations: {string.Join(", ", answers.GroupBy(a => a.Reply.Status).OrderBy(g => g.Key).Select(g => $"{g.Key}: {g.Count()}"))}.");
        keyed.Silo.Logs.AssertOnly(4110);
    }

    [Fact]
    public async Task Lists_and_usage_of_one_tenant_hold_nothing_of_another()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        Victim[] victims = await MakeAsync(keyed);

        foreach (string path in (string[])["/v1/memories", "/v1/keys", "/v1/usage", "/v1/audit?limit=200", "/v1/me"])
        {
            string text = (await keyed.GetAsync(victims[0].AdminKey, path)).Require(200).Text;
            Assert.Empty(victims[1..].Where(v => text.Contains(v.Memory, StringComparison.Ordinal) || text.Contains(v.KeyId, StringComparison.Ordinal) || text.Contains($"\"{v.Tenant}\"", StringComparison.Ordinal)).Select(v => $"{path} {v.Tenant}"));
        }
    }

    /// <summary>The time that an answer takes must not tell what its words do not. Reported, because a busy machine would make it a matter of luck.</summary>
    [Fact]
    public async Task What_others_have_takes_as_long_to_be_refused_as_what_nobody_has()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string owner = await keyed.NewKeyAsync("writer", "owner");
        string other = await keyed.NewKeyAsync("reader", "other");
        (await keyed.PostAsync(owner, "/v1/memories", """{"id":"theirs"}""")).Require(201);
        List<double> theirs = [];
        List<double> nobodys = [];
        for (int i = 0; i < 1000; i++)
        {
            long started = Stopwatch.GetTimestamp();
            (await keyed.GetAsync(other, "/v1/memories/theirs")).RequireProblem(404, "memory_not_found");
            theirs.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            started = Stopwatch.GetTimestamp();
            (await keyed.GetAsync(other, "/v1/memories/nobody")).RequireProblem(404, "memory_not_found");
            nobodys.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        double distance = theirs.Max(t => Math.Abs(theirs.Count(x => x <= t) - nobodys.Count(x => x <= t)) / 1000.0);
        double lambda = distance * Math.Sqrt(500);
        double p = 2 * Enumerable.Range(1, 50).Sum(k => Math.Pow(-1, k - 1) * Math.Exp(-2 * k * k * lambda * lambda));
        output.WriteLine($"Kolmogorov and Smirnov: D {distance:0.000}, p {Math.Clamp(p, 0, 1):0.000}; medians {theirs.Order().ElementAt(500):0.000} and {nobodys.Order().ElementAt(500):0.000} ms.");
    }

    /// <summary>All ways of one tenant to try one operation with what another has.</summary>
    private static IEnumerable<Attempt> Attempts(Operation operation, Victim victim, Victim[] all)
    {
        Victim attacker = all[(victim.Number + 7) % Tenants];
        string path = operation.PathWith(victim, victim.Memory);
        string own = $"Bearer {attacker.AdminKey}";
        yield return operation.At(path);
        yield return operation.At(path, ("Authorization", $"Bearer {attacker.AdminKey[..^1]}")) with { IsBadKey = true };
        yield return operation.At(path, ("Authorization", $"Bearer ldb_{victim.KeyId}_{attacker.AdminKey[17..]}")) with { IsBadKey = true };
        yield return operation.At(path, ("Authorization", own), ("X-Tenant-Id", victim.Tenant));
        if (!operation.NamesSomething && !operation.IsOperators) yield break;
        yield return operation.At(path, ("Authorization", own));
        yield return operation.At($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}tenant={victim.Tenant}", ("Authorization", own), ("X-Forwarded-User", victim.Tenant));
        string[] twins =
        [
            victim.Memory.ToUpperInvariant(), $"%{(int)victim.Memory[0]:x2}{victim.Memory[1..]}", $"{victim.Tenant}:{victim.Memory}", $"{victim.Tenant}.{victim.Memory}",
            $"{victim.Memory}.", $"{victim.Memory}:head", $"{victim.Memory}@1", $"{victim.Memory[..1].ToUpperInvariant()}{victim.Memory[1..]}", $"{victim.Memory}-", $"0{victim.Memory}",
            victim.Memory.Replace("-", "%2D", StringComparison.Ordinal), $"{victim.Tenant}@{victim.Memory}",
        ];
        foreach (string twin in twins) yield return operation.At(operation.PathWith(victim, twin), ("Authorization", own));
        foreach (Victim other in (Victim[])[all[(victim.Number + 1) % Tenants], all[(victim.Number + 2) % Tenants], all[(victim.Number + 3) % Tenants], all[(victim.Number + 4) % Tenants]])
        {
            if (other != attacker) yield return operation.At(operation.PathWith(other, other.Memory), ("Authorization", own));
        }
    }

    private static bool Leaks(Reply reply) => reply.Text.Contains(Canary, StringComparison.Ordinal) || reply.Text.Contains("   at ", StringComparison.Ordinal);

    private static async Task<Victim[]> MakeAsync(KeyedSilo keyed)
    {
        var victims = new Victim[Tenants];
        for (int i = 0; i < Tenants; i++)
        {
            string tenant = $"tenant-{i:D2}";
            string key = await keyed.NewKeyAsync("admin", tenant);
            victims[i] = new Victim(i, tenant, $"memory-of-{tenant}", key);
            (await keyed.PostAsync(key, "/v1/memories", $$"""{"id":"{{victims[i].Memory}}","metadata":{"secret":"{{Canary}}{{tenant}}" } }""")).Require(201);
            (await keyed.PostAsync(key, $"/v1/memories/{victims[i].Memory}/inject", $$"""{"text":"{{Canary}}{{tenant}}"}""")).Require(200);
            (await keyed.PostAsync(key, $"/v1/memories/{victims[i].Memory}/snapshots", """{"name":"kept"}""")).Require(201);
            Reply accepted = (await keyed.SendAsync(key, HttpMethod.Post, $"/v1/memories/{victims[i].Memory}/inject", $$"""{"text":"{{Canary}}{{tenant}}"}""", ("Prefer", "respond-async"))).Require(202);
            victims[i] = victims[i] with { Operation = accepted.Body.GetProperty("id").GetString()! };
            await UntilMadeAsync(keyed, victims[i]);
        }

        return victims;
    }

    private static async Task UntilMadeAsync(KeyedSilo keyed, Victim victim)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while ((await keyed.GetAsync(victim.AdminKey, $"/v1/memories/{victim.Memory}/operations/{victim.Operation}")).Require(200).Body.GetProperty("status").GetString() != "succeeded")
        {
            await Task.Delay(5, limit.Token);
        }
    }

    private static async Task<string[]> DescribeAsync(KeyedSilo keyed, Victim[] victims)
    {
        List<string> all = [];
        foreach (Victim victim in victims)
        {
            all.Add((await keyed.GetAsync(victim.AdminKey, "/v1/memories")).Require(200).Text);
            all.Add((await keyed.GetAsync(victim.AdminKey, $"/v1/memories/{victim.Memory}/snapshots")).Require(200).Text);
            all.Add(string.Join(' ', (await keyed.GetAsync(victim.AdminKey, "/v1/keys")).Require(200).Body.GetProperty("items").EnumerateArray().Select(k => k.GetProperty("key_id").GetString() + k.GetProperty("status").GetString())));
        }

        return [.. all];
    }

    private static async Task<IEnumerable<Operation>> OperationsAsync(KeyedSilo keyed)
    {
        JsonElement paths = (await keyed.Silo.GetAsync("/openapi/v1.json")).Require(200).Body.GetProperty("paths");
        return
        [
            .. from path in paths.EnumerateObject()
               where path.Name.StartsWith("/v1/", StringComparison.Ordinal)
               from method in path.Value.EnumerateObject()
               where method.Value.ValueKind == JsonValueKind.Object && method.Value.TryGetProperty("operationId", out _)
               select Operation.Of(path.Name, method),
        ];
    }

    private sealed record Victim(int Number, string Tenant, string Memory, string AdminKey)
    {
        /// <summary>A write that it had accepted.</summary>
        public string Operation { get; init; } = string.Empty;

        public string KeyId => KeyedSilo.IdOf(AdminKey);
    }

    private sealed record Attempt(HttpMethod Method, string Path, string? Body, string? BodyType, (string Name, string Value)[] Headers)
    {
        /// <summary>Also refused with 429, as one of too many.</summary>
        public bool IsBadKey { get; init; }
    }

    private sealed record Operation(string Name, HttpMethod Method, string Path, string? BodyType)
    {
        /// <summary>Something of a tenant, by its id. The served models belong to everybody.</summary>
        public bool NamesSomething => Path.Contains('{', StringComparison.Ordinal) && !Path.Contains("{model}", StringComparison.Ordinal);

        public bool IsOperators => Path.StartsWith("/v1/admin/", StringComparison.Ordinal);

        public static Operation Of(string path, JsonProperty method)
        {
            string name = method.Value.GetProperty("operationId").GetString()!;
            return new Operation(name, HttpMethod.Parse(method.Name), path, method.Value.TryGetProperty("requestBody", out JsonElement body) ? body.GetProperty("content").EnumerateObject().First().Name : null);
        }

        public string PathWith(Victim victim, string memory)
        {
            string filled = Path.Replace("{id}", memory, StringComparison.Ordinal)
                .Replace("{version}", "1", StringComparison.Ordinal)
                .Replace("{name}", "kept", StringComparison.Ordinal)
                .Replace("{operation}", victim.Operation, StringComparison.Ordinal)
                .Replace("{keyId}", victim.KeyId, StringComparison.Ordinal)
                .Replace("{tenant}", victim.Tenant, StringComparison.Ordinal);
            int rest = filled.IndexOf('{', StringComparison.Ordinal);
            while (rest >= 0)
            {
                filled = $"{filled[..rest]}1{filled[(filled.IndexOf('}', rest) + 1)..]}";
                rest = filled.IndexOf('{', StringComparison.Ordinal);
            }

            return filled + Queries.GetValueOrDefault(Name);
        }

        public Attempt At(string path, params (string Name, string Value)[] headers) => new(Method, path, BodyType is null ? null : Bodies.GetValueOrDefault(Name, "{}"), BodyType, headers);
    }
}
