using System.Text.Json;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Memories;

/// <summary>POST /v1/memories/{id}/fork.</summary>
internal static class ForkMemory
{
    /// <param name="Id">Name of the new memory; made by the server when absent.</param>
    /// <param name="At">Version number, RFC 3339 time or snapshot name; the head when absent.</param>
    /// <param name="Metadata">Any JSON object up to 16 KiB and 16 levels for the new memory; that of the source is not copied.</param>
    internal sealed record Body(string? Id = null, string? At = null, JsonElement? Metadata = null);

    public static async Task<IResult> HandleAsync(string id, HttpContext context, RequestScope scope, BodyReader reader, CancellationToken cancellationToken)
    {
        MemoryKey source = scope.Key(id);
        Body body = await reader.ReadAsync<Body>(context.Request, cancellationToken).ConfigureAwait(false);
        WriteOrigin origin = scope.Origin(context.Request);
        VersionSelector at = body.At is null ? VersionSelector.Head : VersionSelector.Parse(body.At);
        var command = new ForkCommand(source, at, MetadataText.Check(body.Metadata, MetadataText.MaxMemoryBytes), origin);
        IMemoryGrain target = scope.Memory(body.Id ?? NewMemoryId.For(scope, "fork", origin));
        return CreatedMemory.Answer(context, await target.CreateForkAsync(command, cancellationToken).ConfigureAwait(false));
    }
}
