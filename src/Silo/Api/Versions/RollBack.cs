using System.Text.Json;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Versions;

/// <summary>POST /v1/memories/{id}/rollback.</summary>
internal static class RollBack
{
    /// <param name="To">A version number (as number or text), an RFC 3339 time, or a snapshot name.</param>
    internal sealed record Body(JsonElement To);

    /// <param name="Id">The memory.</param>
    /// <param name="Version">The new head.</param>
    /// <param name="RestoredFrom">The version whose content it has.</param>
    /// <param name="CommittedAt">When it became visible, RFC 3339.</param>
    internal sealed record Answer(string Id, long Version, long RestoredFrom, string CommittedAt);

    public static async Task<IResult> HandleAsync(string id, HttpContext context, RequestScope scope, BodyReader reader, CancellationToken cancellationToken)
    {
        IMemoryGrain memory = scope.Memory(id);
        VersionNumber? expected = RequestHeaders.IfMatch(context.Request);
        WriteOrigin origin = scope.Origin(context.Request);
        Body body = await reader.ReadAsync<Body>(context.Request, cancellationToken).ConfigureAwait(false);
        var command = new RollbackCommand(ParseTarget(body.To), expected, origin);
        WriteResult<MemoryVersion> result = await Conditional.RunAsync(() => memory.RollBackAsync(command, cancellationToken), expected).ConfigureAwait(false);
        MemoryVersion version = result.Value;
        ResponseHeaders.Replayed(context.Response, result.IsReplay);
        context.Response.Headers.ETag = RequestHeaders.ETag(version.Number);
        return Results.Json(new Answer(id, version.Number.Value, version.RestoredFrom!.Value.Value, version.CommittedAt.ToString()), ApiJson.Options);
    }

    private static VersionSelector ParseTarget(JsonElement to) => to.ValueKind switch
    {
        JsonValueKind.String => VersionSelector.Parse(UnicodeText.Of(to)),
        JsonValueKind.Number => VersionSelector.Parse(to.GetRawText()),
        _ => throw new LatentDbException(ErrorCode.InvalidRequest, "to must be a version number, an RFC 3339 time, or a snapshot name."),
    };
}
