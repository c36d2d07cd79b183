using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http;

/// <summary>The edge: whatever goes wrong in a request becomes a problem, is logged once, and never takes the process down.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    private const int ClientClosedRequest = 499;
    private const int MaxShownAddress = 200;

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers["X-Request-Id"] = context.TraceIdentifier;
        try
        {
            await next(context).ConfigureAwait(false);
            await WriteEmptyErrorAsync(context).ConfigureAwait(false);
        }
        catch (Exception error) when (IsGone(context, error))
        {
            // Nobody is there to be told, and nothing is wrong here. Without the abort Kestrel would try to read the rest of the body, fail, and log that.
            if (!context.Response.HasStarted) context.Response.StatusCode = ClientClosedRequest;
            context.Abort();
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

    private static bool IsGone(HttpContext context, Exception error) =>
        ProblemTranslator.IsClientGone(error) || (error is OperationCanceledException && context.RequestAborted.IsCancellationRequested);

    /// <summary>Routing and binding answer without a body.</summary>
    private static Task WriteEmptyErrorAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        if (response.HasStarted || response.StatusCode < 400 || response.ContentType is not null || response.ContentLength is not null) return Task.CompletedTask;
        (ErrorCode Code, string Detail)? known = response.StatusCode switch
        {
            StatusCodes.Status404NotFound => (HttpErrorCode.RouteNotFound, $"{AddressOf(context.Request)}: see /openapi/v1.json for what there is."),
            StatusCodes.Status405MethodNotAllowed => (HttpErrorCode.MethodNotAllowed, $"{AddressOf(context.Request)}: the Allow header names the methods."),
            StatusCodes.Status415UnsupportedMediaType => (HttpErrorCode.UnsupportedMediaType, "Send Content-Type: application/json."),
            StatusCodes.Status413PayloadTooLarge => (HttpErrorCode.BodyTooLarge, "The body is larger than the server takes."),
            StatusCodes.Status400BadRequest => (HttpErrorCode.BadRequest, "A part of the address or a header has a value that cannot be read."),
            _ => null,
        };
        return known is { } problem ? ProblemWriter.WriteAsync(context, ApiProblem.Of(problem.Code, problem.Detail, context.TraceIdentifier)) : Task.CompletedTask;
    }

    /// <summary>What was asked for, as it was spelt, and no more of it than a person needs.</summary>
    private static string AddressOf(HttpRequest request)
    {
        string address = $"{request.Method} {request.Path}";
        return address.Length <= MaxShownAddress ? address : address[..MaxShownAddress] + "…";
    }

    [LoggerMessage(4001, LogLevel.Debug, "Refused {Method} with {Code}: {Reason}")]
    private partial void LogRefused(string code, string method, string reason);

    [LoggerMessage(4003, LogLevel.Error, "{Method} {Path} failed with {Code}")]
    private partial void LogBroken(Exception error, string code, string method, string path);

    [LoggerMessage(4002, LogLevel.Error, "A {Method} request failed by a defect")]
    private partial void LogDefect(Exception error, string method);
}
