using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;

namespace LatentDb.Http;

/// <summary>One client that asks again as soon as it was answered.</summary>
internal sealed class SseClient
{
    public List<double> FirstToken { get; } = [];

    public List<double> Whole { get; } = [];

    /// <summary>Token events that came before the end of the measurement.</summary>
    public long TokensInTime { get; private set; }

    /// <summary>Requests that were refused, broke off, or ended without the last event.</summary>
    public int Dropped { get; private set; }

    public string? Failure { get; private set; }

    public static async Task<SseClient> RunAsync(HttpClient http, string memory, int maxTokens, CancellationToken end)
    {
        var client = new SseClient();
        await Task.Yield();
        while (!end.IsCancellationRequested)
        {
            try
            {
                await client.AskAsync(http, memory, maxTokens, end);
            }
#pragma warning disable CA1031 // Whatever a client meets is what is counted.
            catch (Exception error)
#pragma warning restore CA1031
            {
                client.Dropped++;
                client.Failure = error.Message;
            }
        }

        return client;
    }

    private async Task AskAsync(HttpClient http, string memory, int maxTokens, CancellationToken end)
    {
        long start = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/memories/{memory}/query")
        {
            Content = JsonContent.Create(new { prompt = "Where does Maria live?", max_tokens = maxTokens, stream = true }),
        };
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken.None);
        response.EnsureSuccessStatusCode();
        bool isDone = false;
        bool isFirst = true;
        await foreach (SseItem<string> item in SseParser.Create(await response.Content.ReadAsStreamAsync(CancellationToken.None)).EnumerateAsync(CancellationToken.None))
        {
            if (isFirst) FirstToken.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            isFirst = false;
            if (item.EventType == "token" && !end.IsCancellationRequested) TokensInTime++;
            isDone |= item.EventType == "done";
        }

        if (!isDone) throw new InvalidOperationException("The stream ended early.");
        Whole.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }
}
