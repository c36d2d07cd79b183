using System.Text.Json;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Versions;
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
        WriteOrigin origin = scope.Origin(context.Request);
        IMemoryGrain memory = scope.Memory(body.Id ?? NewMemoryId.For(scope, "create", origin));
        var command = new CreateMemoryCommand(MetadataText.Check(body.Metadata, MetadataText.MaxMemoryBytes), origin);
        return CreatedMemory.Answer(context, await memory.CreateAsync(command, cancellationToken).ConfigureAwait(false));
    }
}
