using System.Collections.Immutable;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Snapshots;

/// <summary>GET /v1/memories/{id}/snapshots.</summary>
internal static class ListSnapshots
{
    public static async Task<IResult> HandleAsync(string id, RequestScope scope, CancellationToken cancellationToken)
    {
        ImmutableArray<Snapshot> snapshots = await scope.Memory(id).ListSnapshotsAsync(cancellationToken).ConfigureAwait(false);
        return Results.Json(new SnapshotListBody([.. snapshots.Select(SnapshotBody.Of)]), ApiJson.Options);
    }
}
