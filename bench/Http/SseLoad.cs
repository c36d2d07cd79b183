using System.Globalization;
using System.Net.Http.Json;
using LatentDb.Store;

namespace LatentDb.Http;

/// <summary>
/// Many clients that stream answers without a pause, each on its own connection. None may be dropped, the server's memory must stay bounded, and what
/// they get must be fair: the best served client has at most twice the answers of the worst.
/// </summary>
internal static class SseLoad
{
    private const int Memories = 50;

    /// <summary>Answers must take turns often enough to tell fair from unfair; the small model says what it knows in a few words.</summary>
    private const int TokensAnAnswer = 32;

    public static async Task<int> RunAsync(int clients, TimeSpan duration, string[] flags)
    {
        await using ServerUnderLoad server = await ServerUnderLoad.StartAsync(flags);
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = clients + 1 };
        using var http = new HttpClient(handler) { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(10) };
        await PrepareAsync(http);
        long before = server.ResidentBytes();

        using var end = new CancellationTokenSource(duration);
        Task<SseClient>[] running = [.. Enumerable.Range(0, clients).Select(i => SseClient.RunAsync(http, $"m{i % Memories}", TokensAnAnswer, end.Token))];
        List<long> resident = [];
        using var pulse = new PeriodicTimer(TimeSpan.FromSeconds(5));
        while (!end.IsCancellationRequested && await pulse.WaitForNextTickAsync()) resident.Add(server.ResidentBytes());
        SseClient[] all = await Task.WhenAll(running);
        return Report(all, duration, before, resident, server.PeakResidentBytes());
    }

    private static int Report(SseClient[] all, TimeSpan duration, long before, List<long> resident, long peak)
    {
        var first = new Sample();
        var whole = new Sample();
        foreach (SseClient client in all)
        {
            first.AddAll(client.FirstToken);
            whole.AddAll(client.Whole);
        }

        int[] answers = [.. all.Select(c => c.Whole.Count).Order()];
        double unfairness = (double)answers[^1] / Math.Max(1, answers[0]);
        int dropped = all.Sum(c => c.Dropped);
        Console.WriteLine($"Machine: {Machine.Description}");
        Line($"{all.Length} clients, {duration.TotalSeconds:F0} s: {whole.Count} answers, {all.Sum(c => c.TokensInTime) / duration.TotalSeconds:F0} events/s, {dropped} dropped {all.Select(c => c.Failure).FirstOrDefault(f => f is not null)}");
        Line($"first token p50 {first.Median:F0} ms, p99 {first.At(0.99):F0} ms; answer p50 {whole.Median:F0} ms, p99 {whole.At(0.99):F0} ms");
        Line($"answers a client: least {answers[0]}, median {answers[answers.Length / 2]}, most {answers[^1]}: {unfairness:F2} times");
        Line($"resident MiB: before {before >> 20}, under load {string.Join(' ', resident.Select(r => r >> 20))}, peak {peak >> 20}");
        return dropped == 0 && unfairness <= 2 ? 0 : 1;
    }

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static async Task PrepareAsync(HttpClient http)
    {
        while (!(await http.GetAsync("/readyz")).IsSuccessStatusCode) await Task.Delay(50);
        for (int i = 0; i < Memories; i++)
        {
            (await http.PostAsJsonAsync("/v1/memories", new { id = $"m{i}" })).EnsureSuccessStatusCode();
            (await http.PostAsJsonAsync($"/v1/memories/m{i}/inject", new { text = "Maria lives in Lisbon. Peter works as a baker.", seed = 7 })).EnsureSuccessStatusCode();
        }
    }
}
