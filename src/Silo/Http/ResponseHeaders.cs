namespace LatentDb.Silo.Http;

/// <summary>Headers that say something about an answer.</summary>
internal static class ResponseHeaders
{
    /// <summary>The answer is that of an earlier request under the same Idempotency-Key.</summary>
    public const string IdempotencyReplayed = "Idempotency-Replayed";

    public static void Replayed(HttpResponse response, bool isReplay)
    {
        if (isReplay) response.Headers[IdempotencyReplayed] = "true";
    }
}
