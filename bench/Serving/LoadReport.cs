using System.Globalization;
using LatentDb.Store;

namespace LatentDb.Serving;

/// <summary>Lines in Markdown, on the console and in a file.</summary>
internal sealed class LoadReport
{
    private readonly List<string> _lines = [];

    public void Write(FormattableString line)
    {
        _lines.Add(line.ToString(CultureInfo.InvariantCulture));
        Console.WriteLine(_lines[^1]);
    }

    /// <summary>What a round of the open loop was like.</summary>
    public void Write(Settings settings, double rate, RequestResult[] results, double seconds)
    {
        RequestResult[] answers = [.. results.Where(r => r.Answer is { Tokens: > 0 })];
        int injects = results.Count(r => r.IsDone && r.Arrival.IsInject);
        string? failure = results.Select(r => r.Failure).FirstOrDefault(f => f is not null);
        Write($"**{rate:0.##} requests/s offered for {settings.Seconds:0} s** ({results.Length} came, {answers.Length} answers, {injects} injects, {results.Count(r => r.WasRefused)} refused, {results.Count(r => r.Failure is not null)} failed {failure})");
        Write($"");
        Write($"| | p50 | p95 | p99 | most |");
        Write($"|---|---|---|---|---|");
        WriteRow("time to first token, ms", answers.Select(r => r.Answer!.FirstSeconds * 1000));
        WriteRow("time per further token, ms", answers.Where(r => r.Answer!.Tokens > 1).Select(r => r.Answer!.SecondsPerToken * 1000));
        WriteRow("gap between two tokens, ms", answers.SelectMany(r => r.Answer!.Gaps).Select(g => g * 1000));
        WriteRow("inject, ms", results.Where(r => r.IsDone && r.Arrival.IsInject).Select(r => r.Seconds * 1000));
        Write($"");
        int good = results.Count(r => r.IsGood(settings));
        int questions = results.Count(r => !r.Arrival.IsInject);
        Write($"{answers.Sum(r => r.Answer!.Tokens) / seconds:0.0} tokens/s out, {injects * settings.InjectTokens / seconds:0} tokens/s in; goodput {good / seconds:0.00} answers/s = {(questions == 0 ? 1 : (double)good / questions):P0} of the questions (first token within {settings.FirstTokenLimitMs:0} ms, then {settings.TokenLimitMs:0} ms a token)");
        if (settings.Heavy > 1) WriteTenants(settings, answers);
        Write($"");
    }

    public Task SaveAsync(string file) => File.WriteAllLinesAsync(file, _lines);

    public void WriteRow(string what, IEnumerable<double> values)
    {
        var sample = new Sample();
        sample.AddAll(values);
        if (sample.Count == 0) Write($"| {what} | | | | |");
        else Write($"| {what} | {sample.Median:0.0} | {sample.At(0.95):0.0} | {sample.At(0.99):0.0} | {sample.At(1):0.0} |");
    }

    private void WriteTenants(Settings settings, RequestResult[] answers)
    {
        var heavy = new Sample();
        var others = new Sample();
        foreach (RequestResult answer in answers) (answer.Arrival.Memory % settings.Tenants == 0 ? heavy : others).Add(answer.Answer!.FirstSeconds * 1000);
        if (heavy.Count == 0 || others.Count == 0) return;
        Write($"First token p95: {heavy.At(0.95):0.0} ms for the tenant that asks {settings.Heavy:0.#} times as often, {others.At(0.95):0.0} ms for the others.");
    }
}
