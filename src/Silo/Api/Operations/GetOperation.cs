using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Operations;

/// <summary>GET /v1/memories/{id}/operations/{operation}.</summary>
internal static class GetOperation
{
    public static async Task<IResult> HandleAsync(string id, string operation, HttpContext context, RequestScope scope, CancellationToken cancellationToken)
    {
        WriteOperation found = await scope.Memory(id).GetOperationAsync(OperationUid.Parse(operation), cancellationToken).ConfigureAwait(false);
        return AcceptedWrite.Show(context, id, found);
    }
}
