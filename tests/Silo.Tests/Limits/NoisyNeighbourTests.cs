using System.Diagnostics;
using LatentDb.Silo.Tests.Security;
using LatentDb.Silo.Tests.Support;
using Xunit.Abstractions;

namespace LatentDb.Silo.Tests.Limits;

/// <summary>T31: one tenant far above its rate is refused, and the others do not notice.</summary>
public sealed class NoisyNeighbourTests(ITestOutputHelper output)
{
    private const int Allowed = 600;
    private const int Requests = 10 * Allowed;
    private const int Clients = 4;
    private const int Probes = 300;

    [Fact]
    public async Task A_tenant_at_ten_times_its_rate_is_told_to_wait_and_others_are_served()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string noisy = await keyed.NewKeyAsync("writer", "noisy");
        string quiet = await keyed.NewKeyAsync("writer", "quiet");
        (await keyed.SendAsync(keyed.OperatorKey, HttpMethod.Patch, "/v1/admin/tenants/noisy", $$$"""{"limits":{"requests_per_minute":{{{Allowed}}}}}""")).Require(200);
        (await keyed.PostAsync(quiet, "/v1/memories", """{"id":"bob"}""")).Require(201);
        double[] calm = await ProbeAsync(keyed, quiet);
        int served = 0;
        int refused = 0;
        long started = Stopwatch.GetTimestamp();

        Task noise = Parallel.ForAsync(0, Requests, new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (_, _) =>
        {
            Reply reply = await keyed.GetAsync(noisy, "/v1/memories");
            if (reply.Status == 200) Interlocked.Increment(ref served);
            else if (reply.RequireProblem(429, "rate_limited").Headers.RetryAfter?.Delta is { TotalSeconds: >= 1 }) Interlocked.Increment(ref refused);
        });
        double[] busy = await ProbeAsync(keyed, quiet);
        await noise;
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;

        Assert.Equal(Requests, served + refused);
        Assert.InRange(served, Allowed, Allowed + (Allowed * (seconds + 1) / 60));
        output.WriteLine($"{Requests} requests in {seconds:0.0} s against {Allowed} a minute: {served} served, {refused} refused. "
            + $"The other tenant: p50 {busy[Probes / 2]:0.00} ms, p99 {busy[Probes * 99 / 100]:0.00} ms; before: {calm[Probes / 2]:0.00} and {calm[Probes * 99 / 100]:0.00}.");
    }

    /// <summary>Milliseconds of a quiet tenant's requests, all of which are served, in order.</summary>
    private static async Task<double[]> ProbeAsync(KeyedSilo keyed, string key)
    {
        List<double> times = [];
        for (int i = 0; i < Probes; i++)
        {
            long started = Stopwatch.GetTimestamp();
            (await keyed.GetAsync(key, "/v1/memories/bob")).Require(200);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return [.. times.Order()];
    }
}
