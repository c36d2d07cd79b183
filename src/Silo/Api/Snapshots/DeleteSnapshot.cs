using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Snapshots;

/// <summary>DELETE /v1/memories/{id}/snapshots/{name}.</summary>
internal static class DeleteSnapshot
{
    public static async Task<IResult> HandleAsync(string id, string name, RequestScope scope, CancellationToken cancellationToken)
    {
        await scope.Memory(id).DeleteSnapshotAsync(SnapshotName.Parse(name), cancellationToken).ConfigureAwait(false);
        return Results.NoContent();
    }
}
