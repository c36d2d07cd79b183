using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Memories;

/// <summary>DELETE /v1/memories/{id}: answered when the memory cannot be read by anybody any more.</summary>
internal static class EraseMemory
{
    public static async Task<IResult> HandleAsync(string id, RequestScope scope, CancellationToken cancellationToken)
    {
        await scope.Memory(id).EraseAsync(cancellationToken).ConfigureAwait(false);
        return Results.NoContent();
    }
}
