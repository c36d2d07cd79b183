using LatentDb.ModelHost.Contracts;

namespace LatentDb.Silo.Http;

/// <summary>Milliseconds per stage; a stage that did not occur is 0.</summary>
/// <param name="Queue">Waiting for the model.</param>
/// <param name="Tokenize">Text to tokens.</param>
/// <param name="PageIn">Bringing blocks into memory.</param>
/// <param name="Encode">Inject: the write pass.</param>
/// <param name="Prefill">Query: the prompt pass.</param>
/// <param name="Decode">Query: all tokens after the first.</param>
/// <param name="Stage">Inject: handing blocks to the store.</param>
/// <param name="Commit">Inject: making the version durable.</param>
internal sealed record TimingsBody(double Queue, double Tokenize, double PageIn, double Encode, double Prefill, double Decode, double Stage, double Commit)
{
    public static TimingsBody Of(StageTimings timings) => new(
        Milliseconds(timings.Queue),
        Milliseconds(timings.Tokenize),
        Milliseconds(timings.PageIn),
        Milliseconds(timings.Encode),
        Milliseconds(timings.Prefill),
        Milliseconds(timings.Decode),
        Milliseconds(timings.Stage),
        Milliseconds(timings.Commit));

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}
