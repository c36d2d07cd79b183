using System.Diagnostics;

namespace LatentDb.VsPyTorch.Memories;

/// <summary>When each piece of an answer came, and how many tokens had come by then.</summary>
/// <param name="began">Timestamp that times are counted from: when the question came, whether or not it was begun with at once.</param>
internal sealed class AnswerTrace(long began)
{
    private readonly List<long> _times = [];
    private readonly List<int> _tokens = [];

    /// <summary>Tokens in all.</summary>
    public int Tokens => _tokens.Count == 0 ? 0 : _tokens[^1];

    public long First => _times[0];

    public long Last => _times[^1];

    /// <summary>Seconds from the question to its first token.</summary>
    public double FirstSeconds => Seconds(began, First);

    /// <summary>Seconds for each token after the first; 0 for an answer of one.</summary>
    public double SecondsPerToken => Tokens <= 1 ? 0 : Seconds(First, Last) / (Tokens - 1);

    /// <summary>Seconds between a piece and the next.</summary>
    public IEnumerable<double> Gaps => _times.Zip(_times.Skip(1), Seconds);

    /// <summary>Follows an answer to its end.</summary>
    public static async Task<AnswerTrace> FollowAsync(long began, IAsyncEnumerable<string> pieces)
    {
        var trace = new AnswerTrace(began);
        await foreach (string piece in pieces) trace.Add(piece);
        return trace;
    }

    /// <summary>Tokens that came after one timestamp, up to another.</summary>
    public int TokensBetween(long from, long to) => At(to) - At(from);

    private void Add(string piece)
    {
        _times.Add(Stopwatch.GetTimestamp());
        _tokens.Add(Tokens + Math.Max(1, piece.Length / Words.TokenLength));
    }

    private int At(long time)
    {
        int last = _times.FindLastIndex(t => t <= time);
        return last < 0 ? 0 : _tokens[last];
    }

    private static double Seconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalSeconds;
}
