using System.Text.Json;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;
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
        MemoryId id = MemoryId.Parse(body.Id ?? Guid.CreateVersion7().ToString());
        IMemoryGrain memory = scope.Memory(id.Value);
        MemorySummary created = await memory.CreateAsync(new CreateMemoryCommand(MetadataText.Check(body.Metadata)), cancellationToken).ConfigureAwait(false);
        context.Response.Headers.ETag = RequestHeaders.ETag(created.Head.Number);
        return Results.Json(MemoryBody.Of(created), ApiJson.Options, statusCode: StatusCodes.Status201Created)
            .WithLocation(context, $"/v1/memories/{Uri.EscapeDataString(id.Value)}");
    }
}

/// <summary>Adds a header to a result.</summary>
internal static class ResultExtensions
{
    public static IResult WithLocation(this IResult result, HttpContext context, string location)
    {
        context.Response.Headers.Location = location;
        return result;
    }
}
