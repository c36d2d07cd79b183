using System.Text.Json;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Memories;

/// <summary>POST /v1/memories.</summary>
internal static class CreateMemory
{
    /// <param name="Id">1 to 128 of A-Z a-z 0-9 . _ : @ -; made by the server when absent.</param>
    /// <param name="Metadata">Any JSON object up to 16 KiB and 16 levels; returned as it is.</param>
    internal sealed record Body(string? Id = null, JsonElement? Metadata = null);

    public static async Task<IResult> HandleAsync(HttpContext context, RequestScope scope, BodyReader reader, CancellationToken cancellationToken)
    {
        Body body = await reader.ReadAsync<Body>(context.Request, cancellationToken).ConfigureAwait(false);
        MemoryId id = MemoryId.Parse(body.Id ?? Guid.CreateVersion7().ToString());
        var command = new CreateMemoryCommand(MetadataText.Check(body.Metadata, MetadataText.MaxMemoryBytes), scope.Origin(context.Request));
        return CreatedMemory.Answer(context, await scope.Memory(id.Value).CreateAsync(command, cancellationToken).ConfigureAwait(false));
    }
}
