using System.Diagnostics;
using LatentDb.VsPyTorch.Memories;

namespace LatentDb.Serving;

/// <summary>How much more many answers at once bring than one, and what a long inject beside them does to each token.</summary>
internal sealed class Streams(IServed served, Settings settings, LoadReport report)
{
    private const int MostStreams = 16;
    private const int StreamsBesideInject = 4;
    private const int ChunksOfInject = 8;
    private const double Bar = 3;

    // Answers must go on until the last of them has begun.
    private const int Tokens = 192;

    private readonly Random _random = new(settings.Seed);

    /// <summary>Tokens a second of 1, 2, 4 ... answers of different memories, counted while all of them run.</summary>
    public async Task CompareAsync()
    {
        await RateAsync(1);
        report.Write($"| answers at once | tokens/s | times one | gap p50, ms | gap p99, ms |");
        report.Write($"|---|---|---|---|---|");
        double one = 0;
        for (int streams = 1; streams <= Math.Min(MostStreams, settings.Memories); streams *= 2)
        {
            (double rate, Store.Sample gaps) = await RateAsync(streams);
            if (streams == 1) one = rate;
            string bar = streams == MostStreams ? $" (bar {Bar:0})" : string.Empty;
            report.Write($"| {streams} | {rate:0.0} | {rate / one:0.00}{bar} | {gaps.Median * 1000:0.0} | {gaps.At(0.99) * 1000:0.0} |");
        }

        report.Write($"");
    }

    /// <summary>Gaps between the tokens of some answers, alone and while a text of many chunks is injected into another memory.</summary>
    public async Task InterfereAsync()
    {
        await RateAsync(1);
        (_, Store.Sample alone) = await RateAsync(StreamsBesideInject);
        string text = Words.ToText(Words.Draw(_random, ChunksOfInject * settings.InjectTokens, OpenLoop.Vocabulary));
        double injectAlone = await TimeInjectAsync(text);

        List<double> beside = [];
        using var end = new CancellationTokenSource();
        Task[] streams = [.. Enumerable.Range(0, StreamsBesideInject).Select(memory => Task.Run(() => StreamUntilAsync(memory, beside, end.Token)))];
        double injectBeside = await TimeInjectAsync(text);
        await end.CancelAsync();
        await Task.WhenAll(streams);

        report.Write($"| gap between two tokens of {StreamsBesideInject} answers, ms | p50 | p95 | p99 | most |");
        report.Write($"|---|---|---|---|---|");
        report.Write($"| alone | {alone.Median * 1000:0.0} | {alone.At(0.95) * 1000:0.0} | {alone.At(0.99) * 1000:0.0} | {alone.At(1) * 1000:0.0} |");
        report.WriteRow($"beside an inject of {ChunksOfInject} x {settings.InjectTokens} tokens", beside.Select(g => g * 1000));
        report.Write($"");
        report.Write($"The inject took {injectAlone:0.00} s alone and {injectBeside:0.00} s beside the answers.");
        report.Write($"");
    }

    private async Task<double> TimeInjectAsync(string text)
    {
        long began = Stopwatch.GetTimestamp();
        await served.InjectAsync(settings.Memories - 1, text, CancellationToken.None);
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Asks again and again; gaps within answers only.</summary>
    private async Task StreamUntilAsync(int memory, List<double> gaps, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            AnswerTrace trace = await AskAsync(memory);
            lock (gaps) gaps.AddRange(trace.Gaps);
        }
    }

    private async Task<(double Rate, Store.Sample Gaps)> RateAsync(int streams)
    {
        AnswerTrace[] traces = await Task.WhenAll(Enumerable.Range(0, streams).Select(memory => Task.Run(() => AskAsync(memory))));
        long from = traces.Max(t => t.First);
        long to = traces.Min(t => t.Last);
        var gaps = new Store.Sample();
        foreach (AnswerTrace trace in traces) gaps.AddAll(trace.Gaps);
        if (to > from) return (traces.Sum(t => t.TokensBetween(from, to)) / Seconds(from, to), gaps);

        // A model that ends its answers itself: some are over before others begin.
        return (traces.Sum(t => t.Tokens) / Seconds(traces.Min(t => t.First), traces.Max(t => t.Last)), gaps);
    }

    private static double Seconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalSeconds;

    private Task<AnswerTrace> AskAsync(int memory)
    {
        string prompt;
        lock (_random) prompt = Words.ToText(Words.Draw(_random, settings.PromptTokens, OpenLoop.Vocabulary));
        return AnswerTrace.FollowAsync(Stopwatch.GetTimestamp(), served.AskAsync(memory, prompt, Tokens, CancellationToken.None));
    }
}
