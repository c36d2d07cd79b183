using System.Text.Json;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.Silo.Api.Operations;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Inject;

/// <summary>POST /v1/memories/{id}/inject/batch: several texts, one version each.</summary>
internal static class InjectBatch
{
    /// <param name="Items">1 to 256 texts, written in this order.</param>
    internal sealed record Body(Item[] Items);

    /// <param name="Text">What the memory shall hold. Either this or messages.</param>
    /// <param name="Messages">A conversation, laid out by the model's chat template.</param>
    /// <param name="Seed">What the random drops are drawn from. Drawn by the server when absent.</param>
    /// <param name="Metadata">Any JSON object up to 4 KiB and 16 levels that is kept with the version.</param>
    internal sealed record Item(string? Text = null, MessageBody[]? Messages = null, ulong? Seed = null, JsonElement? Metadata = null);

    /// <param name="Id">The memory.</param>
    /// <param name="Version">The head after the last item that was written.</param>
    /// <param name="Items">Texts that were sent.</param>
    /// <param name="Written">How many of them are written; the others were not tried, but for the first of them.</param>
    /// <param name="IsReplay">True when all of them were written before under this Idempotency-Key.</param>
    /// <param name="Results">One entry for each that is written, in order.</param>
    /// <param name="Problem">Why the next one was not written. Send the same batch again under its Idempotency-Key to go on from there.</param>
    internal sealed record Answer(string Id, long Version, int Items, int Written, bool IsReplay, InjectText.Answer[] Results, ApiProblem? Problem);

    public static async Task<IResult> HandleAsync(string id, HttpContext context, RequestScope scope, BodyReader reader, CancellationToken cancellationToken)
    {
        IMemoryGrain memory = scope.Memory(id);
        VersionNumber? expected = RequestHeaders.IfMatch(context.Request);
        WriteOrigin origin = scope.Origin(context.Request);
        Body body = await reader.ReadAsync<Body>(context.Request, cancellationToken).ConfigureAwait(false);
        if (body.Items.Length is 0 or > InjectBatchCommand.MaxItems) throw Invalid($"items must have 1 to {InjectBatchCommand.MaxItems} entries.");
        var command = new InjectBatchCommand([.. body.Items.Select(ToItem)], expected, origin);
        if (RequestHeaders.RespondsAsync(context.Request))
        {
            AcceptedOperation accepted = await Conditional.RunAsync(() => memory.AcceptBatchAsync(command, cancellationToken), expected).ConfigureAwait(false);
            if (!accepted.IsReplay) scope.ChargeInjects(command.Items.Length - 1, command.Items.Sum(i => TextBodies.ForeseenTokens(i.Text)));
            return AcceptedWrite.Answer(context, id, accepted);
        }

        InjectBatchResult result = await Conditional.RunAsync(() => memory.InjectBatchAsync(command, cancellationToken), expected).ConfigureAwait(false);
        InjectResult[] made = [.. result.Written.Where(w => !w.IsReplay)];
        scope.ChargeInjects(made.Length - 1, made.Sum(w => (long)w.Version.Tokens));
        VersionNumber head = result.Written[^1].Version.Number;
        ResponseHeaders.Replayed(context.Response, result.IsReplay);
        context.Response.Headers.ETag = RequestHeaders.ETag(head);
        ApiProblem? problem = result.Failure is { } failure ? ProblemWriter.ToProblem(context, failure) : null;
        InjectText.Answer[] written = [.. result.Written.Select(w => InjectText.ToAnswer(id, w))];
        return Results.Json(new Answer(id, head.Value, command.Items.Length, written.Length, result.IsReplay, written, problem), ApiJson.Options);
    }

    private static InjectItem ToItem(Item? item)
    {
        if (item is null) throw Invalid("items must not hold null.");
        return new InjectItem(TextBodies.Parse(item.Text, item.Messages, "text"), item.Seed, MetadataText.Check(item.Metadata, MetadataText.MaxVersionBytes));
    }

    private static LatentDbException Invalid(string why) => new(ErrorCode.InvalidRequest, why);
}
