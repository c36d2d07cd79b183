using System.Diagnostics;
using LatentDb.ModelHost.Contracts;
using LatentDb.VsPyTorch.Memories;

namespace LatentDb.VsPyTorch;

/// <summary>The work as a user of the model host has it done: text in, text out.</summary>
internal sealed class OurSide(LoadedModel model)
{
    /// <summary>Seconds of one inject, its blocks handed to the sink.</summary>
    public async Task<double> InjectAsync(RandomMemory memory, int[] ids)
    {
        long began = Stopwatch.GetTimestamp();
        InjectOutcome outcome = await model.InjectAsync(memory, ids);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        foreach (var delta in outcome.Deltas) model.Blocks.Forget(delta.Block);
        return seconds;
    }

    /// <summary>Seconds from a question to its first token.</summary>
    public async Task<double> FirstTokenAsync(RandomMemory memory, int[] ids)
    {
        Trace trace = await TraceAsync(memory, ids, 1);
        return trace.FirstSeconds;
    }

    /// <summary>The tokens of a greedy answer.</summary>
    public async Task<int[]> AnswerAsync(RandomMemory memory, int[] ids, int tokens)
    {
        string text = string.Empty;
        await foreach (GenerationEvent step in model.Query(memory, ids, tokens))
        {
            if (step is GeneratedText piece) text += piece.Text;
        }

        return Words.ToIds(text);
    }

    /// <summary>Tokens a second of so many questions that are asked at once, counted while all of them are being answered.</summary>
    public async Task<double> DecodeAsync(RandomMemory[] memories, int[] ids, int tokens)
    {
        Trace[] traces = await Task.WhenAll(memories.Select(memory => Task.Run(() => TraceAsync(memory, ids, tokens))));
        long from = traces.Max(t => t.Times[0]);
        long to = traces.Min(t => t.Times[^1]);
        if (to <= from) throw new InvalidOperationException($"One of {memories.Length} answers ended before another began: ask for more than {tokens} tokens.");
        return traces.Sum(t => t.TokensBetween(from, to)) / Stopwatch.GetElapsedTime(from, to).TotalSeconds;
    }

    private async Task<Trace> TraceAsync(RandomMemory memory, int[] ids, int tokens)
    {
        var trace = new Trace(Stopwatch.GetTimestamp(), tokens);
        await foreach (GenerationEvent step in model.Query(memory, ids, tokens))
        {
            if (step is GeneratedText piece) trace.Add(piece.Text.Length / Words.TokenLength);
        }

        return trace;
    }

    /// <summary>When each piece of an answer came, and how many tokens had come by then.</summary>
    private sealed class Trace(long began, int tokens)
    {
        private readonly List<int> _counts = new(tokens);

        public List<long> Times { get; } = new(tokens);

        public double FirstSeconds => Stopwatch.GetElapsedTime(began, Times[0]).TotalSeconds;

        public void Add(int count)
        {
            Times.Add(Stopwatch.GetTimestamp());
            _counts.Add(count + (_counts.Count > 0 ? _counts[^1] : 0));
        }

        public int TokensBetween(long from, long to) => At(to) - At(from);

        private int At(long time)
        {
            int last = Times.FindLastIndex(t => t <= time);
            return last < 0 ? 0 : _counts[last];
        }
    }
}
