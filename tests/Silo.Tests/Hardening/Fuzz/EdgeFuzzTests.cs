using System.Globalization;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.Silo.Tests.Hardening.Fuzz;

/// <summary>
/// Hostile requests, made from the document of the API: no 5xx but an honest one, no stack trace, no hang, no growth, and right answers afterwards.
/// LATENTDB_LONG=1 sends 100,000, LATENTDB_REQUESTS=n sends n; LATENTDB_SEED and LATENTDB_FIRST replay what a failure names.
/// </summary>
public sealed class EdgeFuzzTests(ITestOutputHelper output)
{
    private const int Few = 1_500;
    private const int Many = 100_000;

    /// <summary>Between the base and the end: what the collector has not given back and what caches may hold of eight memories.</summary>
    private const long AllowedGrowthBytes = 64L << 20;

    private static readonly int Requests = NumberOf("LATENTDB_REQUESTS") ?? (Environment.GetEnvironmentVariable("LATENTDB_LONG") == "1" ? Many : Few);

    private static readonly ulong Seed = ulong.TryParse(Environment.GetEnvironmentVariable("LATENTDB_SEED"), CultureInfo.InvariantCulture, out ulong seed) ? seed : 20_261_121;

    private static readonly int? First = NumberOf("LATENTDB_FIRST");

    [Fact]
    public async Task Hostile_requests_get_honest_answers_and_leave_the_server_well()
    {
        using var data = new TempFolder();
        await using SiloProcess silo = await SiloProcess.StartAsync(data.Path);
        using var care = await FuzzedServer.PrepareAsync(silo.Address);
        int begin = First ?? 0;
        int end = First is { } only ? only + 1 : Requests;

        FuzzDriver warmUp = await RunAsync(care, begin, Math.Min(end, begin + (end / 10)));
        long baseBytes = ResidentBytes(silo.Id);
        FuzzDriver driver = await RunAsync(care, begin + (end / 10), end);
        long endBytes = ResidentBytes(silo.Id);

        output.WriteLine($"Resident: {baseBytes >> 20} MiB after a tenth of the requests, {endBytes >> 20} MiB at the end. Answers: {driver.Counts}");
        await care.RequireRightAnswersAsync();
        int error = silo.Output.IndexOf("fail:", StringComparison.Ordinal);
        Assert.True(error < 0, error < 0 ? string.Empty : $"The log has an error: {silo.Output[error..Math.Min(silo.Output.Length, error + 4000)]}");
        if (First is not null) return;
        Assert.True(driver.CountOf(s => s is >= 200 and < 300) > end / 20, $"Too few requests get past the first checks: {driver.Counts}; before: {warmUp.Counts}");
        if (Requests >= Many) Assert.True(endBytes < baseBytes + AllowedGrowthBytes, $"{baseBytes} bytes resident became {endBytes}.");
    }

    private static async Task<FuzzDriver> RunAsync(FuzzedServer care, int begin, int end)
    {
        const int part = 2_000;
        var driver = new FuzzDriver(care.Address, new RequestForge(care.Document, Seed, care.Authorization));
        for (int at = begin; at < end; at += part)
        {
            string[] wrong = await driver.RunAsync(at, Math.Min(end, at + part));
            Assert.True(wrong.Length == 0, $"{string.Join("\n\n", wrong)}\n\nReplay: LATENTDB_SEED={Seed} LATENTDB_FIRST=n dotnet test tests/Silo.Tests --filter {nameof(EdgeFuzzTests)}, with the number that stands before the request.");
            await care.TidyAsync();
        }

        return driver;
    }

    private static int? NumberOf(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;

    private static long ResidentBytes(int process)
    {
        string line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10;
    }
}
