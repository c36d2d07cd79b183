using System.Net;

namespace LatentDb.Client;

/// <summary>Whether and when to try again. A pure function of what came back, so that it can be tested without a server.</summary>
/// <remarks>
/// Only 429 and 503 are tried again, and only for requests that may be repeated: reads, deletes, and writes under an idempotency key. A broken
/// connection is never tried again here, because the caller alone knows whether an unknown outcome matters.
/// </remarks>
internal sealed class RetryRule(ClientOptions options)
{
    /// <summary>The wait before the next try; null = no further try.</summary>
    /// <param name="attempt">Tries made so far, 1 or more.</param>
    /// <param name="isRepeatable">The request may be sent twice.</param>
    /// <param name="status">What the server answered.</param>
    /// <param name="retryAfter">The server's Retry-After, if any.</param>
    public TimeSpan? NextDelay(int attempt, bool isRepeatable, HttpStatusCode status, TimeSpan? retryAfter)
    {
        if (!isRepeatable || attempt >= options.MaxAttempts) return null;
        if (status is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)) return null;
        TimeSpan delay = retryAfter ?? options.FirstRetryDelay * Math.Pow(2, Math.Min(attempt - 1, 20));
        return delay <= options.MaxRetryDelay ? delay : null;
    }
}
