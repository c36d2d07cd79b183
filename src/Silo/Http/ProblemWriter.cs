using System.Globalization;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Telemetry;

namespace LatentDb.Silo.Http;

/// <summary>Writes problems; the one place that turns an exception into an answer.</summary>
internal static class ProblemWriter
{
    public const string ContentType = "application/problem+json";

    /// <summary>For the last event of a stream, whose status is sent already.</summary>
    public static ApiProblem ToProblem(HttpContext context, LatentDbException error)
    {
        Count(context, error.Code.Name);
        return ApiProblem.Of(error.Code, error.Message, context.TraceIdentifier);
    }

    public static Task WriteAsync(HttpContext context, LatentDbException error)
    {
        if ((error.RetryAfter ?? DefaultRetryAfter(error.Code)) is { } delay)
        {
            long seconds = Math.Max(1, (long)Math.Ceiling(delay.TotalSeconds));
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return WriteAsync(context, ApiProblem.Of(error.Code, error.Message, context.TraceIdentifier), (error as ParameterException)?.Parameter);
    }

    public static Task WriteAsync(HttpContext context, ApiProblem problem, string? parameter = null)
    {
        Count(context, problem.Code);
        context.Response.StatusCode = problem.Status;
        return context.GetEndpoint()?.Metadata.GetMetadata<ProblemShape>() is { } shape
            ? context.Response.WriteAsJsonAsync(shape.Of(problem, parameter), ApiJson.Options, context.RequestAborted)
            : context.Response.WriteAsJsonAsync(problem, ApiJson.Options, ContentType, context.RequestAborted);
    }

    private static void Count(HttpContext context, string code) => context.RequestServices.GetRequiredService<SiloMetrics>().Problem(code);

    private static TimeSpan? DefaultRetryAfter(ErrorCode code) => code.Remedy == Remedy.RetryLater ? TimeSpan.FromSeconds(1) : null;
}
