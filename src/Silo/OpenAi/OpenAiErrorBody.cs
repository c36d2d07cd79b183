using LatentDb.Silo.Http;

namespace LatentDb.Silo.OpenAi;

/// <summary>An error as OpenAI's clients know it.</summary>
/// <param name="Error">What went wrong.</param>
internal sealed record OpenAiErrorBody(OpenAiError Error)
{
    public static ProblemShape Shape { get; } = new(Of);

    public static OpenAiErrorBody Of(ApiProblem problem, string? parameter) =>
        new(new OpenAiError(problem.Detail, TypeOf(problem.Status), parameter, problem.Code, problem.RequestId));

    /// <summary>The kinds that OpenAI's clients tell apart; they go by the status, people by this word.</summary>
    private static string TypeOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status404NotFound => "not_found_error",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };
}

/// <summary>What went wrong.</summary>
/// <param name="Message">What is wrong here and what to do.</param>
/// <param name="Type">invalid_request_error, authentication_error, permission_error, not_found_error, rate_limit_error or server_error.</param>
/// <param name="Param">The parameter that is to blame; absent when none is.</param>
/// <param name="Code">The stable code; docs/errors.md explains it.</param>
/// <param name="RequestId">Names this request in the server's log.</param>
internal sealed record OpenAiError(string Message, string Type, string? Param, string Code, string RequestId);
