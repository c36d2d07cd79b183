using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http;

/// <summary>The edge: whatever goes wrong in a request becomes a problem, is logged once, and never takes the process down.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    private const int ClientClosedRequest = 499;

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers["X-Request-Id"] = context.TraceIdentifier;
        try
        {
            await next(context).ConfigureAwait(false);
            await WriteEmptyErrorAsync(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            if (!context.Response.HasStarted) context.Response.StatusCode = ClientClosedRequest;
        }
        catch (Exception error) when (Translate(error) is { } known && !context.Response.HasStarted)
        {
            LogRefused(known.Code.Name, context.Request.Method, known.Message);
            await ProblemWriter.WriteAsync(context, known).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The request edge: an unknown failure is a defect; it is logged here and answered without details.
        catch (Exception error) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            LogDefect(error, context.Request.Method);
            await ProblemWriter.WriteAsync(context, ApiProblem.Of(ErrorCode.Internal, "The request failed by a defect of the server; its log knows more under this request id.", context.TraceIdentifier))
                .ConfigureAwait(false);
        }
    }

    /// <summary>What callers, the framework or the stop of the process cause; null = a defect.</summary>
    private static LatentDbException? Translate(Exception error) => error switch
    {
        LatentDbException known => known,
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => new LatentDbException(HttpErrorCode.BodyTooLarge, "The body is larger than the server takes; send the text in parts."),
        BadHttpRequestException bad => new LatentDbException(HttpErrorCode.BadRequest, bad.Message),
        OperationCanceledException => new LatentDbException(ErrorCode.ShuttingDown, "The request was cancelled because the server stops.") { RetryAfter = TimeSpan.FromSeconds(1) },
        _ => null,
    };

    /// <summary>Routing answers 404 and 405 without a body.</summary>
    private static Task WriteEmptyErrorAsync(HttpContext context)
    {
        if (context.Response.HasStarted || context.Response.ContentType is not null || context.Response.ContentLength is not null) return Task.CompletedTask;
        string at = $"{context.Request.Method} {context.Request.Path}";
        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => ProblemWriter.WriteAsync(context, ApiProblem.Of(HttpErrorCode.RouteNotFound, $"{at}: see /openapi/v1.json for what there is.", context.TraceIdentifier)),
            StatusCodes.Status405MethodNotAllowed => ProblemWriter.WriteAsync(context, ApiProblem.Of(HttpErrorCode.MethodNotAllowed, $"{at}: the Allow header names the methods.", context.TraceIdentifier)),
            StatusCodes.Status415UnsupportedMediaType => ProblemWriter.WriteAsync(context, ApiProblem.Of(HttpErrorCode.UnsupportedMediaType, "Send Content-Type: application/json.", context.TraceIdentifier)),
            _ => Task.CompletedTask,
        };
    }

    [LoggerMessage(4001, LogLevel.Debug, "Refused {Method} with {Code}: {Reason}")]
    private partial void LogRefused(string code, string method, string reason);

    [LoggerMessage(4002, LogLevel.Error, "A {Method} request failed by a defect")]
    private partial void LogDefect(Exception error, string method);
}
