using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http;

/// <summary>An RFC 9457 problem.</summary>
/// <param name="Type">Stable URN of the error code; docs/errors.md explains it.</param>
/// <param name="Title">The same for every problem of the type.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong here and what to do.</param>
/// <param name="Code">The error code: the end of the type.</param>
/// <param name="Remedy">fix_request, retry_later, call_operator or report_bug.</param>
/// <param name="RequestId">Names this request in the server's log.</param>
internal sealed record ApiProblem(
    string Type, string Title, int Status, string Detail, string Code, Remedy Remedy, string RequestId)
{
    public static ApiProblem Of(ErrorCode code, string detail, string requestId)
    {
        ProblemKind kind = ProblemCatalog.Of(code);
        return new ApiProblem(ProblemCatalog.TypePrefix + code.Name, kind.Title, kind.Status, detail, code.Name, code.Remedy, requestId);
    }
}
