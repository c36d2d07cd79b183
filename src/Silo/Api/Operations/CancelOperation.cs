using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Operations;

/// <summary>DELETE /v1/memories/{id}/operations/{operation}: calls it off while it waits.</summary>
internal static class CancelOperation
{
    public static async Task<IResult> HandleAsync(string id, string operation, HttpContext context, RequestScope scope, CancellationToken cancellationToken)
    {
        WriteOperation cancelled = await scope.Memory(id).CancelOperationAsync(OperationUid.Parse(operation), cancellationToken).ConfigureAwait(false);
        return AcceptedWrite.Show(context, id, cancelled);
    }
}
