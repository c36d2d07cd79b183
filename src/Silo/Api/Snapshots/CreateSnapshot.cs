using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Snapshots;

/// <summary>POST /v1/memories/{id}/snapshots.</summary>
internal static class CreateSnapshot
{
    /// <param name="Name">1 to 128 of A-Z a-z 0-9 . _ : @ -, beginning with a letter.</param>
    /// <param name="At">Version number, RFC 3339 time or snapshot name; the head when absent.</param>
    internal sealed record Body(string Name, string? At = null);

    public static async Task<IResult> HandleAsync(string id, HttpContext context, RequestScope scope, BodyReader reader, CancellationToken cancellationToken)
    {
        IMemoryGrain memory = scope.Memory(id);
        Body body = await reader.ReadAsync<Body>(context.Request, cancellationToken).ConfigureAwait(false);
        VersionSelector at = body.At is null ? VersionSelector.Head : VersionSelector.Parse(body.At);
        var command = new SnapshotCommand(SnapshotName.Parse(body.Name), at, RequestHeaders.IfMatch(context.Request), scope.Origin(context.Request));
        WriteResult<Snapshot> result = await Conditional.RunAsync(() => memory.CreateSnapshotAsync(command, cancellationToken), command.ExpectedHead).ConfigureAwait(false);
        ResponseHeaders.Replayed(context.Response, result.IsReplay);
        return Results.Json(SnapshotBody.Of(result.Value), ApiJson.Options, statusCode: StatusCodes.Status201Created);
    }
}
