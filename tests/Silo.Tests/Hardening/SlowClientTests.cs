using System.Diagnostics;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.Silo.Tests.Hardening;

/// <summary>
/// Clients that send a byte now and then, or nothing: the server drops them by itself, and others do not notice them. LATENTDB_LONG=1 makes it 500 slow
/// clients and 2,000 idle ones and compares the times of a good client before and meanwhile; they are printed in either case.
/// </summary>
public sealed class SlowClientTests(ITestOutputHelper output)
{
    private const int GoodRequests = 400;

    private static readonly bool IsLong = Environment.GetEnvironmentVariable("LATENTDB_LONG") == "1";

    private static readonly TimeSpan BetweenBytes = TimeSpan.FromSeconds(IsLong ? 10 : 2);

    private static readonly string[] Beginnings =
    [
        "GET /v1/memories HTTP/1.1\r\nHost: localhost\r\nX-A: ",
        "POST /v1/memories HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
        "POST /v1/memories HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n",
        "POST /v1/memories/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: 100000\r\n\r\n",
        "G",
    ];

    [Fact]
    public async Task Slow_and_idle_clients_are_dropped_and_others_do_not_notice_them()
    {
        using var data = new TempFolder();
        await using SiloProcess silo = await SiloProcess.StartAsync(data.Path);
        using var http = new HttpClient { BaseAddress = silo.Address };
        await TimeGoodClientAsync(http);
        double[] before = await TimeGoodClientAsync(http);
        long start = Stopwatch.GetTimestamp();
        Task[] slow = [.. Enumerable.Range(0, IsLong ? 500 : 20).Select(i => RunSlowClientAsync(silo.Address, Beginnings[i % Beginnings.Length]))];
        Task[] idle = [.. Enumerable.Range(0, IsLong ? 2_000 : 0).Select(_ => RunIdleClientAsync(silo.Address))];

        double[] meanwhile = await TimeGoodClientAsync(http);
        await Task.WhenAll(slow);
        TimeSpan slowDropped = Stopwatch.GetElapsedTime(start);
        await Task.WhenAll(idle);
        TimeSpan allDropped = Stopwatch.GetElapsedTime(start);

        output.WriteLine($"Good client, ms: p50 {At(before, 0.5):F2} p99 {At(before, 0.99):F2} before, p50 {At(meanwhile, 0.5):F2} p99 {At(meanwhile, 0.99):F2} meanwhile. Dropped: slow after {slowDropped.TotalSeconds:F1} s, all after {allDropped.TotalSeconds:F1} s.");
        Assert.DoesNotContain("fail:", silo.Output, StringComparison.Ordinal);
        Assert.Equal(200, (await RawConnection.ExchangeAsync(silo.Address, "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"))?.Status);
    }

    /// <summary>A byte at a time until the server ends it.</summary>
    private static async Task RunSlowClientAsync(Uri address, string beginning)
    {
        await using RawConnection connection = await RawConnection.OpenAsync(address);
        await connection.SendAsync(beginning);
        Task closed = connection.UntilClosedAsync();
        using var timer = new PeriodicTimer(BetweenBytes);
        while (!closed.IsCompleted && await timer.WaitForNextTickAsync()) await connection.SendAsync("a");
        await closed;
    }

    private static async Task RunIdleClientAsync(Uri address)
    {
        await using RawConnection connection = await RawConnection.OpenAsync(address);
        await connection.UntilClosedAsync();
    }

    private static async Task<double[]> TimeGoodClientAsync(HttpClient http)
    {
        double[] milliseconds = new double[GoodRequests];
        for (int i = 0; i < GoodRequests; i++)
        {
            long start = Stopwatch.GetTimestamp();
            (await http.GetAsync("/v1/memories")).EnsureSuccessStatusCode();
            milliseconds[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(milliseconds);
        return milliseconds;
    }

    private static double At(double[] sorted, double share) => sorted[(int)(share * (sorted.Length - 1))];
}
