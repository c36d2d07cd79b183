using System.Globalization;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Versions;

/// <summary>GET /v1/memories/{id}/versions/{version}.</summary>
internal static class GetVersion
{
    public static async Task<IResult> HandleAsync(string id, string version, HttpContext context, RequestScope scope, CancellationToken cancellationToken)
    {
        MemoryVersion found = await scope.Memory(id).GetVersionAsync(ParseNumber(version), cancellationToken).ConfigureAwait(false);
        context.Response.Headers.ETag = RequestHeaders.ETag(found.Number);
        return Results.Json(VersionBody.Of(found), ApiJson.Options);
    }

    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static VersionNumber ParseNumber(string version) =>
        long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? new VersionNumber(number)
            : throw new LatentDbException(ErrorCode.InvalidRequest, "The version in the address must be a whole number.");
}
