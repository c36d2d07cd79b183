using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http;

/// <summary>Marks a route whose clients know errors in another shape than a problem: whatever refuses a request of it, the answer has that shape.</summary>
/// <param name="Of">Makes the body: of the problem, and of the name of the parameter that is to blame, if one is.</param>
internal sealed record ProblemShape(Func<ApiProblem, string?, object> Of);

/// <summary>A request whose parameter of that name is to blame.</summary>
internal sealed class ParameterException(ErrorCode code, string parameter, string why) : LatentDbException(code, why)
{
    public string Parameter => parameter;
}
