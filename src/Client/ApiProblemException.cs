using System.Net;
using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>The server refused a request and said why.</summary>
public sealed class ApiProblemException : Exception
{
    /// <param name="problem">What the server answered.</param>
    /// <param name="retryAfter">When the server thinks that another try makes sense.</param>
    public ApiProblemException(Problem problem, TimeSpan? retryAfter = null)
        : base(problem?.Detail)
    {
        ArgumentNullException.ThrowIfNull(problem);
        Problem = problem;
        RetryAfter = retryAfter;
    }

    public Problem Problem { get; }

    /// <summary>The stable code, such as <c>memory_not_found</c>; the documentation of errors explains each.</summary>
    public string Code => Problem.Code;

    public HttpStatusCode Status => (HttpStatusCode)Problem.Status;

    public TimeSpan? RetryAfter { get; }
}
