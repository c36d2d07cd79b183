using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Memories;

/// <summary>DELETE /v1/memories/{id}.</summary>
internal static class DeleteMemory
{
    public static async Task<IResult> HandleAsync(string id, RequestScope scope, CancellationToken cancellationToken)
    {
        await scope.Memory(id).EraseAsync(cancellationToken).ConfigureAwait(false);
        return Results.NoContent();
    }
}
