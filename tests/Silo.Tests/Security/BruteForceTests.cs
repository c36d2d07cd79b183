using System.Collections.Concurrent;
using System.Diagnostics;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Keys;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.Silo.Tests.Security;

/// <summary>T29: bad keys at full speed let nobody in, lock nobody out, and are said once. LATENTDB_LONG=1 sends 100,000.</summary>
public sealed class BruteForceTests(ITestOutputHelper output)
{
    private const int Attackers = 8;
    private const int Probes = 200;

    private static readonly int Attempts = Environment.GetEnvironmentVariable("LATENTDB_LONG") == "1" ? 100_000 : 10_000;

    [Fact]
    public async Task Bad_keys_at_full_speed_let_nobody_in_and_lock_nobody_out()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string key = await keyed.NewKeyAsync("reader");
        double[] calm = await ProbeAsync(keyed, key);
        var statuses = new ConcurrentDictionary<int, int>();
        long started = Stopwatch.GetTimestamp();

        Task attack = Parallel.ForAsync(0, Attempts, new ParallelOptions { MaxDegreeOfParallelism = Attackers }, async (i, token) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/memories");
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {BadKey(i, key)}");
            using HttpResponseMessage response = await keyed.Silo.Http.SendAsync(request, token);
            statuses.AddOrUpdate((int)response.StatusCode, 1, (_, n) => n + 1);
        });
        double[] busy = await ProbeAsync(keyed, key);
        await attack;
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;

        Assert.Equal([401, 429], statuses.Keys.Order());
        int minutes = (int)Math.Ceiling(seconds / 60) + 1;
        Assert.InRange(statuses[401], 1, SecurityLimits.MaxFailuresPerAddress * minutes);
        Assert.Equal(Attempts, statuses.Values.Sum());
        Assert.InRange(keyed.Silo.Logs.Warnings.Count(w => w.EventId == 4110), 1, 2 * minutes);
        keyed.Silo.Logs.AssertOnly(4110);
        output.WriteLine($"{Attempts} bad keys, {Attempts / seconds:0} a second: {statuses[401]} told so, {statuses[429]} told to wait, 0 let in. "
            + $"A good key beside them: p50 {busy[Probes / 2]:0.00} ms, p99 {busy[Probes * 99 / 100]:0.00} ms; before: {calm[Probes / 2]:0.00} and {calm[Probes * 99 / 100]:0.00}.");
    }

    [Fact]
    public void A_key_id_is_throttled_from_however_many_addresses_and_a_new_minute_begins_anew()
    {
        var time = new ManualTimeProvider();
        var throttle = new BadKeyThrottle(time);

        int passed = Enumerable.Range(0, 100).Count(i => throttle.Count(new System.Net.IPAddress(i), "abcdefghijkl").RetryAfter == TimeSpan.Zero);
        Assert.Equal(SecurityLimits.MaxFailuresPerKey, passed);
        time.Advance(SecurityLimits.FailureWindow);

        Assert.Equal(TimeSpan.Zero, throttle.Count(System.Net.IPAddress.Loopback, "abcdefghijkl").RetryAfter);
    }

    [Fact]
    public void More_sources_than_can_be_counted_share_one_count()
    {
        var throttle = new BadKeyThrottle(new ManualTimeProvider());
        for (int i = 0; i < SecurityLimits.MaxCountedSources; i++) throttle.Count(new System.Net.IPAddress(i), null);

        int passed = Enumerable.Range(0, 1000).Count(i => throttle.Count(new System.Net.IPAddress(0x8000_0000L + i), null).RetryAfter == TimeSpan.Zero);

        Assert.InRange(passed, 0, SecurityLimits.MaxFailuresPerAddress);
    }

    /// <summary>Rubbish, keys that do not exist, and wrong secrets for one that does.</summary>
    private static string BadKey(int i, string real) => (i % 4) switch
    {
        0 => $"rubbish-{i}",
        1 => KeyText.NewRandom().ToString(),
        2 => (KeyText.TryParse(real)! with { Secret = KeyText.NewRandom().Secret }).ToString(),
        _ => real[..^1],
    };

    /// <summary>Milliseconds of requests with a good key, in order.</summary>
    private static async Task<double[]> ProbeAsync(KeyedSilo keyed, string key)
    {
        List<double> times = [];
        for (int i = 0; i < Probes; i++)
        {
            long started = Stopwatch.GetTimestamp();
            (await keyed.GetAsync(key, "/v1/memories")).Require(200);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return [.. times.Order()];
    }
}
