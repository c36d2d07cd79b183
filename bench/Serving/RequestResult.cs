using LatentDb.VsPyTorch.Memories;

namespace LatentDb.Serving;

/// <summary>How a request ended.</summary>
/// <param name="Arrival">The request.</param>
/// <param name="Seconds">From its arrival to its end.</param>
/// <param name="Answer">Its tokens; null for an inject and for what failed.</param>
/// <param name="WasRefused">There was no place for it.</param>
/// <param name="Failure">What went wrong otherwise; null = nothing.</param>
internal sealed record RequestResult(Arrival Arrival, double Seconds, AnswerTrace? Answer, bool WasRefused, string? Failure)
{
    public bool IsDone => !WasRefused && Failure is null;

    public bool IsGood(Settings settings) =>
        Answer is { } answer && (answer.Tokens == 0 || IsInTime(answer, settings));

    private static bool IsInTime(AnswerTrace answer, Settings settings) =>
        answer.FirstSeconds * 1000 <= settings.FirstTokenLimitMs && answer.SecondsPerToken * 1000 <= settings.TokenLimitMs;
}
