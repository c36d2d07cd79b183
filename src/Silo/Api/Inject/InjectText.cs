using System.Text.Json;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.Silo.Api.Operations;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Inject;

/// <summary>POST /v1/memories/{id}/inject.</summary>
internal static class InjectText
{
    /// <param name="Text">What the memory shall hold. Either this or messages.</param>
    /// <param name="Messages">A conversation, laid out by the model's chat template.</param>
    /// <param name="Seed">What the random drops are drawn from; the same seed on the same head gives the same memory. Drawn by the server when absent.</param>
    /// <param name="Metadata">Any JSON object up to 4 KiB and 16 levels that is kept with the version; returned as it is.</param>
    internal sealed record Body(string? Text = null, MessageBody[]? Messages = null, ulong? Seed = null, JsonElement? Metadata = null);

    /// <param name="Id">The memory.</param>
    /// <param name="Version">The new head.</param>
    /// <param name="CommittedAt">When it became visible, RFC 3339.</param>
    /// <param name="Tokens">Tokens of the text.</param>
    /// <param name="PaddedTokens">Tokens added because the text was shorter than a chunk may be.</param>
    /// <param name="Chunks">Pieces that the text was written in.</param>
    /// <param name="Seed">What the drops were drawn from.</param>
    /// <param name="IsReplay">True when this Idempotency-Key was used before: nothing was written now.</param>
    /// <param name="TimingsMs">Milliseconds per stage.</param>
    internal sealed record Answer(
        string Id, long Version, string CommittedAt, int Tokens, int PaddedTokens, int Chunks, ulong Seed, bool IsReplay, TimingsBody TimingsMs);

    public static async Task<IResult> HandleAsync(string id, HttpContext context, RequestScope scope, BodyReader reader, CancellationToken cancellationToken)
    {
        IMemoryGrain memory = scope.Memory(id);
        VersionNumber? expected = RequestHeaders.IfMatch(context.Request);
        WriteOrigin origin = scope.Origin(context.Request);
        Body body = await reader.ReadAsync<Body>(context.Request, cancellationToken).ConfigureAwait(false);
        var command = new InjectCommand(TextBodies.Parse(body.Text, body.Messages, "text"), body.Seed, expected, origin)
        {
            Metadata = MetadataText.Check(body.Metadata, MetadataText.MaxVersionBytes),
        };
        if (RequestHeaders.RespondsAsync(context.Request))
        {
            AcceptedOperation accepted = await Conditional.RunAsync(() => memory.AcceptAsync(command, cancellationToken), expected).ConfigureAwait(false);
            if (!accepted.IsReplay) scope.ChargeTokens(TextBodies.ForeseenTokens(command.Text));
            return AcceptedWrite.Answer(context, id, accepted);
        }

        InjectResult result = await Conditional.RunAsync(() => memory.InjectAsync(command, cancellationToken), expected).ConfigureAwait(false);
        ResponseHeaders.Replayed(context.Response, result.IsReplay);
        if (!result.IsReplay) scope.ChargeTokens(result.Version.Tokens);
        context.Response.Headers.ETag = RequestHeaders.ETag(result.Version.Number);
        return Results.Json(ToAnswer(id, result), ApiJson.Options);
    }

    public static Answer ToAnswer(string id, InjectResult result) => new(
        id,
        result.Version.Number.Value,
        result.Version.CommittedAt.ToString(),
        result.Version.Tokens,
        result.PaddedTokens,
        result.Version.Chunks,
        result.Version.Seed,
        result.IsReplay,
        TimingsBody.Of(result.Timings));
}
