using LatentDb.MemoryStore.Errors;
using Microsoft.AspNetCore.Connections;

namespace LatentDb.Silo.Http;

/// <summary>Exceptions as errors that a caller may see.</summary>
internal static class ProblemTranslator
{
    /// <summary>What callers, the framework or the stop of the process cause; null = a defect.</summary>
    public static LatentDbException? Translate(Exception error) => error switch
    {
        LatentDbException known => known,
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => new LatentDbException(HttpErrorCode.BodyTooLarge, "The body is larger than the server takes."),
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => new LatentDbException(HttpErrorCode.RequestTimeout, "The body came too slowly."),
        BadHttpRequestException => new LatentDbException(HttpErrorCode.BadRequest, "The body ended early, or is not framed as HTTP asks."),
        IOException { InnerException: OverflowException } => new LatentDbException(HttpErrorCode.BadRequest, "A chunk of the body is larger than can be."), // Kestrel's chunk sizes.
        OperationCanceledException => new LatentDbException(ErrorCode.ShuttingDown, "The request was cancelled because the server stops.") { RetryAfter = TimeSpan.FromSeconds(1) },
        _ => null,
    };

    /// <summary>True when it failed because the client is gone: over HTTP/1.1 it is the failure itself, over HTTP/2 its cause.</summary>
    public static bool IsClientGone(Exception error) =>
        error is ConnectionResetException or ConnectionAbortedException || error.InnerException is ConnectionResetException or ConnectionAbortedException;

    /// <summary>What a caller is told of a defect: nothing but where to look.</summary>
    public static LatentDbException Defect(Exception error) =>
        new(ErrorCode.Internal, "The request failed by a defect of the server; its log knows more under this request id.", error);
}
