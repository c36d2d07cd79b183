using System.Diagnostics;
using LatentDb.VsPyTorch.Memories;

namespace LatentDb.Serving;

/// <summary>Sends every arrival at its time. Times count from there, so that a request that waits for the sender is not taken for a fast one.</summary>
internal sealed class OpenLoop(IServed served, Settings settings)
{
    /// <summary>Words that every random checkpoint has.</summary>
    public const int Vocabulary = 30_000;

    /// <summary>What is not answered so long after the last arrival has failed.</summary>
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(60);

    public async Task<(RequestResult[] Results, double Seconds)> RunAsync(Arrival[] arrivals)
    {
        var random = new Random(settings.Seed + 1);
        string[] texts = [.. arrivals.Select(a => Words.ToText(Words.Draw(random, a.IsInject ? settings.InjectTokens : settings.PromptTokens, Vocabulary)))];
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(settings.Seconds) + Drain);
        long start = Stopwatch.GetTimestamp();
        List<Task<RequestResult>> running = [];
        for (int i = 0; i < arrivals.Length; i++)
        {
            TimeSpan wait = TimeSpan.FromSeconds(arrivals[i].Seconds) - Stopwatch.GetElapsedTime(start);
            if (wait > TimeSpan.Zero) await Task.Delay(wait);
            Arrival arrival = arrivals[i];
            string text = texts[i];
            long arrived = start + (long)(arrival.Seconds * Stopwatch.Frequency);
            running.Add(Task.Run(() => SendAsync(arrival, arrived, text, end.Token)));
        }

        RequestResult[] results = await Task.WhenAll(running);
        return (results, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private async Task<RequestResult> SendAsync(Arrival arrival, long arrived, string text, CancellationToken cancellationToken)
    {
        AnswerTrace? answer = null;
        Exception? failure = null;
        try
        {
            if (arrival.IsInject) await served.InjectAsync(arrival.Memory, text, cancellationToken);
            else answer = await AnswerTrace.FollowAsync(arrived, served.AskAsync(arrival.Memory, text, settings.MaxTokens, cancellationToken));
        }
        catch (Exception error) // Under load anything may fail; what did is counted and the others go on.
        {
            failure = error;
        }

        bool wasRefused = failure is not null && served.IsRefusal(failure);
        return new RequestResult(arrival, Stopwatch.GetElapsedTime(arrived).TotalSeconds, answer, wasRefused, wasRefused ? null : failure?.Message);
    }
}
