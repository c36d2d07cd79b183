using System.Net;

namespace LatentDb.Client;

/// <summary>Whether and when to try again. A pure function of what came back and of a draw, so that it can be tested without a server.</summary>
/// <remarks>
/// A server that is busy or starting (429, 502, 503, 504) and a connection that breaks are tried again for requests that may be repeated: reads, and
/// writes under an idempotency key. A connection that was never made has carried nothing, so every request is tried again after it. A name that does not
/// resolve and a certificate that is not trusted stay wrong, and are told at once.
/// </remarks>
internal sealed class RetryRule(ClientOptions options)
{
    /// <summary>Doublings after which the longest wait is reached whatever the first was.</summary>
    private const int MaxDoublings = 20;

    /// <summary>The wait before the next try after an answer; null = no further try.</summary>
    /// <param name="attempt">Tries made so far, 1 or more.</param>
    /// <param name="isRepeatable">The request may be sent twice.</param>
    /// <param name="status">What the server answered.</param>
    /// <param name="retryAfter">The server's Retry-After, if any.</param>
    public TimeSpan? NextDelay(int attempt, bool isRepeatable, HttpStatusCode status, TimeSpan? retryAfter)
    {
        if (!isRepeatable || attempt >= options.MaxAttempts || !IsPassing(status)) return null;
        if (retryAfter is not { } named) return Backoff(attempt);

        // Never before the time that the server has named, and not all at that moment.
        return named <= options.MaxRetryDelay ? named + (options.Draw() * Doubled(attempt)) : null;
    }

    /// <summary>The wait before the next try after a connection that failed; null = no further try.</summary>
    public TimeSpan? NextDelay(int attempt, bool isRepeatable, HttpRequestException failure)
    {
        if (attempt >= options.MaxAttempts) return null;
        bool mayRepeat = failure.HttpRequestError switch
        {
            HttpRequestError.ConnectionError => true,
            HttpRequestError.ResponseEnded or HttpRequestError.HttpProtocolError => isRepeatable,
            HttpRequestError.Unknown => isRepeatable && failure.InnerException is IOException,
            _ => false,
        };
        return mayRepeat ? Backoff(attempt) : null;
    }

    private static bool IsPassing(HttpStatusCode status) =>
        status is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    /// <summary>Between half of the doubled wait and all of it.</summary>
    private TimeSpan Backoff(int attempt) => Doubled(attempt) * (1 + options.Draw()) / 2;

    private TimeSpan Doubled(int attempt)
    {
        TimeSpan delay = options.FirstRetryDelay * Math.Pow(2, Math.Min(attempt - 1, MaxDoublings));
        return delay < options.MaxRetryDelay ? delay : options.MaxRetryDelay;
    }
}
