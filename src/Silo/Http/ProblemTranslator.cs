using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http;

/// <summary>Exceptions as errors that a caller may see.</summary>
internal static class ProblemTranslator
{
    /// <summary>What callers, the framework or the stop of the process cause; null = a defect.</summary>
    public static LatentDbException? Translate(Exception error) => error switch
    {
        LatentDbException known => known,
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => new LatentDbException(HttpErrorCode.BodyTooLarge, "The body is larger than the server takes."),
        BadHttpRequestException bad => new LatentDbException(HttpErrorCode.BadRequest, bad.Message),
        OperationCanceledException => new LatentDbException(ErrorCode.ShuttingDown, "The request was cancelled because the server stops.") { RetryAfter = TimeSpan.FromSeconds(1) },
        _ => null,
    };

    /// <summary>What a caller is told of a defect: nothing but where to look.</summary>
    public static LatentDbException Defect(Exception error) =>
        new(ErrorCode.Internal, "The request failed by a defect of the server; its log knows more under this request id.", error);
}
