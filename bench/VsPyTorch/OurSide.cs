using System.Diagnostics;
using System.Text;
using LatentDb.ModelHost.Contracts;
using LatentDb.VsPyTorch.Memories;

namespace LatentDb.VsPyTorch;

/// <summary>The work as a user of the model host has it done: text in, text out.</summary>
internal sealed class OurSide(LoadedModel model)
{
    /// <summary>Seconds of one inject, its blocks handed to the sink.</summary>
    public async Task<double> InjectAsync(RandomMemory memory, int[] ids)
    {
        string text = Words.ToText(ids);
        long began = Stopwatch.GetTimestamp();
        InjectOutcome outcome = await model.InjectAsync(memory, text, CancellationToken.None);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        foreach (var delta in outcome.Deltas) model.Blocks.Forget(delta.Block);
        return seconds;
    }

    /// <summary>Seconds from a question to its first token.</summary>
    public async Task<double> FirstTokenAsync(RandomMemory memory, int[] ids)
    {
        AnswerTrace trace = await TraceAsync(memory, ids, 1);
        return trace.FirstSeconds;
    }

    /// <summary>The tokens of a greedy answer.</summary>
    public async Task<int[]> AnswerAsync(RandomMemory memory, int[] ids, int tokens)
    {
        var text = new StringBuilder();
        await foreach (string piece in model.AskAsync(memory, Words.ToText(ids), tokens, CancellationToken.None)) text.Append(piece);
        return Words.ToIds(text.ToString());
    }

    /// <summary>Tokens a second of so many questions that are asked at once, counted while all of them are being answered.</summary>
    public async Task<double> DecodeAsync(RandomMemory[] memories, int[] ids, int tokens)
    {
        AnswerTrace[] traces = await Task.WhenAll(memories.Select(memory => Task.Run(() => TraceAsync(memory, ids, tokens))));
        long from = traces.Max(t => t.First);
        long to = traces.Min(t => t.Last);
        if (to <= from) throw new InvalidOperationException($"One of {memories.Length} answers ended before another began: ask for more than {tokens} tokens.");
        return traces.Sum(t => t.TokensBetween(from, to)) / Stopwatch.GetElapsedTime(from, to).TotalSeconds;
    }

    private Task<AnswerTrace> TraceAsync(RandomMemory memory, int[] ids, int tokens)
    {
        string prompt = Words.ToText(ids);
        return AnswerTrace.FollowAsync(Stopwatch.GetTimestamp(), model.AskAsync(memory, prompt, tokens, CancellationToken.None));
    }
}
