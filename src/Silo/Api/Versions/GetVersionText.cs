using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Versions;

/// <summary>GET /v1/memories/{id}/versions/{version}/text: what was injected, as it was sent.</summary>
internal static class GetVersionText
{
    /// <param name="Version">The version.</param>
    /// <param name="Text">What was injected as text.</param>
    /// <param name="Messages">What was injected as a conversation.</param>
    internal sealed record Answer(long Version, string? Text, MessageBody[]? Messages);

    public static async Task<IResult> HandleAsync(string id, string version, RequestScope scope, CancellationToken cancellationToken)
    {
        VersionNumber number = GetVersion.ParseNumber(version);
        TextInput text = await scope.Memory(id).ReadTextAsync(number, cancellationToken).ConfigureAwait(false)
            ?? throw new LatentDbException(HttpErrorCode.TextNotFound, $"Version {number} injected no text, or its text was not kept.");
        return Results.Json(new Answer(number.Value, TextBodies.PlainOf(text), TextBodies.MessagesOf(text)), ApiJson.Options);
    }
}
