using System.Globalization;
using System.Text;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Http.Edge;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.Silo.Tests.Hardening;

/// <summary>
/// Bodies of one byte to 64 MiB, and with LATENTDB_LONG=1 to 5 GB, of a declared length and in chunks: refused at the edge, in a bounded amount of memory.
/// </summary>
public sealed class BodySizeTests(ITestOutputHelper output)
{
    private const long AllowedGrowthBytes = 64L << 20;
    private const int PieceBytes = 256 * 1024;

    private static readonly long[] Sizes = Environment.GetEnvironmentVariable("LATENTDB_LONG") == "1"
        ? [1, 1 << 10, 1 << 20, (1 << 20) + 1, 16 << 20, 64 << 20, 1L << 30, 5_000_000_000]
        : [1, 1 << 10, 1 << 20, (1 << 20) + 1, 16 << 20, 64 << 20];

    private static readonly (string Path, string Type)[] Targets =
    [
        ("/v1/memories", "application/json"), ("/v1/memories/bob/inject", "application/json"), ("/v1/chat/completions", "application/json"),
        ("/v1/memories/import", "application/octet-stream"), ("/v1/admin/store/compact", "application/json"), ("/nowhere", "text/plain"),
    ];

    [Fact]
    public async Task A_body_of_any_size_is_refused_in_a_bounded_amount_of_memory()
    {
        using var data = new TempFolder();
        await using SiloProcess silo = await SiloProcess.StartAsync(data.Path);
        foreach (long size in Sizes.Where(s => s <= 16 << 20)) await SendEverywhereAsync(silo, size); // The server has warmed up.

        foreach (long size in Sizes)
        {
            long before = ResetPeak(silo.Id);
            string statuses = await SendEverywhereAsync(silo, size);
            long growth = PeakBytes(silo.Id) - before;

            output.WriteLine($"{size,13} bytes: {growth >> 20} MiB more at the peak; {statuses}");
            Assert.True(growth < AllowedGrowthBytes, $"{size} bytes: {growth} bytes more than before at the peak");
        }

        Assert.DoesNotContain("fail:", silo.Output, StringComparison.Ordinal);
        Assert.Equal(200, (await RawConnection.ExchangeAsync(silo.Address, "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"))?.Status);
    }

    [Fact]
    public async Task A_length_that_is_only_declared_costs_nothing()
    {
        using var data = new TempFolder();
        await using SiloProcess silo = await SiloProcess.StartAsync(data.Path);
        await SendEverywhereAsync(silo, 1 << 20);
        long before = ResetPeak(silo.Id);
        List<RawConnection> connections = [];
        for (int i = 0; i < 200; i++)
        {
            RawConnection connection = await RawConnection.OpenAsync(silo.Address);
            await connection.SendAsync("POST /v1/memories HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n{");
            connections.Add(connection);
        }

        RawAnswer? answer = await RawConnection.ExchangeAsync(silo.Address, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        long growth = PeakBytes(silo.Id) - before;
        foreach (RawConnection connection in connections) await connection.DisposeAsync();

        Assert.Equal(200, answer?.Status);
        Assert.True(growth < AllowedGrowthBytes, $"200 MiB that never came made {growth} bytes");
    }

    [Fact]
    public void Bodies_that_are_read_at_once_share_a_budget_and_give_back_what_they_held()
    {
        var budget = new BodyBudget(100);
        BodyBudget.Share first = budget.Open();
        first.Grow(60);

        using (BodyBudget.Share second = budget.Open())
        {
            second.Grow(40);
            LatentDbException refusal = Assert.Throws<LatentDbException>(() => second.Grow(1));
            Assert.Equal(ErrorCode.Overloaded, refusal.Code);
            Assert.NotNull(refusal.RetryAfter);
        }

        Assert.Equal(60, budget.Held);
        first.Dispose();
        Assert.Equal(0, budget.Held);
    }

    private static async Task<string> SendEverywhereAsync(SiloProcess silo, long size)
    {
        List<string> statuses = [];
        foreach ((string path, string type) in Targets)
        {
            statuses.Add($"{path} {await SendAsync(silo.Address, path, type, size, isChunked: false)}/{await SendAsync(silo.Address, path, type, size, isChunked: true)}");
        }

        return string.Join(", ", statuses);
    }

    /// <summary>The status, or 0 when the server closed while the body still came, which is its right once it has refused.</summary>
    private static async Task<int> SendAsync(Uri address, string path, string type, long size, bool isChunked)
    {
        string length = isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {size}";
        await using RawConnection connection = await RawConnection.OpenAsync(address);
        await connection.SendAsync($"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {type}\r\n{length}\r\n\r\n");
        byte[] piece = new byte[PieceBytes];
        for (long sent = 0; sent < size && !connection.IsAnswered;)
        {
            int now = (int)Math.Min(PieceBytes, size - sent);
            byte[] bytes = now == PieceBytes ? piece : piece[..now];
            if (isChunked) bytes = [.. Encoding.ASCII.GetBytes($"{now:x}\r\n"), .. bytes, .. "\r\n"u8];
            await connection.SendAsync(bytes);
            sent += now;
        }

        if (isChunked && !connection.IsAnswered) await connection.SendAsync("0\r\n\r\n");
        int status = (await connection.ReadAnswerAsync())?.Status ?? 0;
        Assert.True(status is 0 or 200 or (>= 400 and < 500), $"{path} with {size} bytes: {status}");
        return status;
    }

    /// <summary>Lets the kernel count the peak anew, and returns what is resident now.</summary>
    private static long ResetPeak(int process)
    {
        File.WriteAllText($"/proc/{process}/clear_refs", "5");
        return Field(process, "VmRSS:");
    }

    private static long PeakBytes(int process) => Field(process, "VmHWM:");

    private static long Field(int process, string name)
    {
        string line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10;
    }
}
