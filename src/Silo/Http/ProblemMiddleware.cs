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
        catch (Exception error) when (ProblemTranslator.Translate(error) is { } known && !context.Response.HasStarted)
        {
            Log(error, known, context.Request);
            await ProblemWriter.WriteAsync(context, known).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The request edge: an unknown failure is a defect; it is logged here and answered without details.
        catch (Exception error) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            LogDefect(error, context.Request.Method);
            await ProblemWriter.WriteAsync(context, ProblemTranslator.Defect(error)).ConfigureAwait(false);
        }
    }

    /// <summary>What the caller can mend is worth a line for who looks for it; what an operator must mend is an error.</summary>
    private void Log(Exception error, LatentDbException known, HttpRequest request)
    {
        if (known.Code.Remedy is Remedy.CallOperator or Remedy.ReportBug) LogBroken(error, known.Code.Name, request.Method, request.Path);
        else LogRefused(known.Code.Name, request.Method, known.Message);
    }

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

    [LoggerMessage(4003, LogLevel.Error, "{Method} {Path} failed with {Code}")]
    private partial void LogBroken(Exception error, string code, string method, string path);

    [LoggerMessage(4002, LogLevel.Error, "A {Method} request failed by a defect")]
    private partial void LogDefect(Exception error, string method);
}
