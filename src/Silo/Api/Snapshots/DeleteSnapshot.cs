using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Snapshots;

/// <summary>DELETE /v1/memories/{id}/snapshots/{name}.</summary>
internal static class DeleteSnapshot
{
    public static async Task<IResult> HandleAsync(string id, string name, HttpContext context, RequestScope scope, CancellationToken cancellationToken)
    {
        IMemoryGrain memory = scope.Memory(id);
        var command = new DeleteSnapshotCommand(SnapshotName.Parse(name), scope.Origin(context.Request));
        ResponseHeaders.Replayed(context.Response, await memory.DeleteSnapshotAsync(command, cancellationToken).ConfigureAwait(false));
        return Results.NoContent();
    }
}
