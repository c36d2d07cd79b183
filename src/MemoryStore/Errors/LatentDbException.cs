namespace LatentDb.MemoryStore.Errors;

/// <summary>The root of every error that a caller can see: a stable code, who must act, and a message that is safe to show.</summary>
/// <remarks>Messages name the noun and the number ("block 42 of acme/bob"), never text that a user injected.</remarks>
public class LatentDbException : Exception
{
    /// <param name="code">What failed.</param>
    /// <param name="message">One sentence, safe to show to the caller.</param>
    /// <param name="inner">The cause, for the log only.</param>
    public LatentDbException(ErrorCode code, string message, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
    }

    /// <summary>The stable code of this failure.</summary>
    public ErrorCode Code { get; }

    /// <summary>When <see cref="Remedy.RetryLater"/> applies: how long to wait before the next try; null = the caller chooses.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
