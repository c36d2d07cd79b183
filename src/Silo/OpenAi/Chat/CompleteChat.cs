using System.Globalization;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Audit;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Memories;
using LatentDb.Silo.Http.Streams;
using LatentDb.Silo.Limits;
using LatentDb.Silo.OpenAi.Models;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.OpenAi.Chat;

/// <summary>POST /v1/chat/completions. An answer that shall be injected is told to have ended only when it is durable.</summary>
internal sealed partial class CompleteChat(BodyReader reader, ServedModels models, SiloOptions options, TimeProvider time, ILogger<CompleteChat> logger)
{
    public async Task HandleAsync(HttpContext context, RequestScope scope)
    {
        CancellationToken cancellationToken = context.RequestAborted;
        ChatCompletionBody body = await reader.ReadAsync<ChatCompletionBody>(context.Request, cancellationToken).ConfigureAwait(false);
        UnsupportedParameters.Refuse(body);
        ChatRun run = await BeginAsync(context, scope, body, cancellationToken).ConfigureAwait(false);
        QueryCommand command = ChatSampling.CommandOf(body, run, options.MaxNewTokens);
        var answer = new AnswerReader(scope, run.Memory.QueryAsync(command, cancellationToken), cancellationToken);
        await using (answer.ConfigureAwait(false))
        {
            // What can be refused is refused before the first byte of a stream, with a status of its own.
            bool isGoing = await answer.NextPieceAsync().ConfigureAwait(false);
            context.Response.Headers[MemoryHeaders.Memory] = run.Headers.Memory;
            context.Response.Headers[ChatHeaders.VersionHeader] = Text(answer.Version);
            if (body.Stream is true) await StreamAsync(context, run, answer, isGoing, body.StreamOptions?.IncludeUsage is true).ConfigureAwait(false);
            else await AnswerAsync(context, run, answer).ConfigureAwait(false);
        }
    }

    /// <summary>Decides everything that can be decided without the model, and makes the memory if that is asked for.</summary>
    private async Task<ChatRun> BeginAsync(HttpContext context, RequestScope scope, ChatCompletionBody body, CancellationToken cancellationToken)
    {
        ModelBody model = models.Require(body.Model);
        ChatHeaders headers = ChatHeaders.Of(context.Request, body.User, options.OpenAiCreatesMemories);
        if (headers.Inject != ChatInject.None) scope.Require(Role.Writer);
        WriteOrigin origin = scope.Origin(context.Request);
        TextInput.Conversation talk = ChatConversation.Parse(body.Messages);
        IMemoryGrain memory = headers.IsCreating
            ? await scope.EnsureMemoryAsync(headers.Memory, AuditNote.Of(context), cancellationToken).ConfigureAwait(false)
            : scope.Memory(headers.Memory);

        if (headers.Inject != ChatInject.None)
        {
            (await scope.AdmitAsync(Costs.Growth, cancellationToken).ConfigureAwait(false)).Dispose(); // The place at the model is held already.
            AuditNote.Of(context)?.Write("createChatCompletion", headers.Memory);
        }

        var first = new ChatWriteBack.Origin($"chatcmpl-{Guid.CreateVersion7():N}", 0, body.Seed ?? ChatSampling.NewSeed(), time.GetUtcNow().ToUnixTimeSeconds());
        bool mayBeRepeated = headers.Inject != ChatInject.None && origin.OperationId is not null;
        ChatWriteBack.Origin? known = mayBeRepeated ? await ChatWriteBack.FindFirstAsync(memory, origin.OperationId!, cancellationToken).ConfigureAwait(false) : null;
        if (known is not null) headers = headers with { At = new VersionSelector.NumberSelector(new VersionNumber(known.ReadVersion)) };
        return new ChatRun(scope, memory, headers, talk, known ?? first, model, origin);
    }

    private static async Task AnswerAsync(HttpContext context, ChatRun run, AnswerReader answer)
    {
        await answer.ToEndAsync().ConfigureAwait(false);
        VersionNumber? injected = await run.RememberAsync(answer, context.RequestAborted).ConfigureAwait(false);
        if (injected is { } version) context.Response.Headers[ChatHeaders.InjectedVersionHeader] = Text(version);
        await context.Response.WriteAsJsonAsync(run.Whole(answer, injected), ApiJson.Options, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task StreamAsync(HttpContext context, ChatRun run, AnswerReader answer, bool isGoing, bool tellsUsage)
    {
        CancellationToken cancellationToken = context.RequestAborted;
        var stream = new ServerSentEvents(context);
        stream.Begin();
        try
        {
            await stream.WriteDataAsync(run.Opening(), cancellationToken).ConfigureAwait(false);
            while (isGoing)
            {
                await stream.WriteDataAsync(run.Piece(answer.Piece), cancellationToken).ConfigureAwait(false);
                isGoing = await answer.NextPieceAsync().ConfigureAwait(false);
            }

            VersionNumber? injected = await run.RememberAsync(answer, cancellationToken).ConfigureAwait(false);
            await stream.WriteDataAsync(run.Ending(answer, injected), cancellationToken).ConfigureAwait(false);
            if (tellsUsage) await stream.WriteDataAsync(run.Usage(answer), cancellationToken).ConfigureAwait(false);
            await stream.WriteDoneAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            throw; // Nobody is there to be told.
        }
        catch (Exception error) when (ProblemTranslator.Translate(error) is { } known)
        {
            LogBrokenStream(error, known.Code.Name);
            await TellAsync(stream, context, known).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The request edge of a stream: its status is sent already, so a defect is told in its last event.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogDefect(error);
            await TellAsync(stream, context, ProblemTranslator.Defect(error)).ConfigureAwait(false);
        }
    }

    private static Task TellAsync(ServerSentEvents stream, HttpContext context, LatentDbException error) =>
        stream.WriteDataAsync(OpenAiErrorBody.Of(ProblemWriter.ToProblem(context, error), parameter: null), context.RequestAborted);

    private static string Text(VersionNumber version) => version.Value.ToString(CultureInfo.InvariantCulture);

    [LoggerMessage(4111, LogLevel.Warning, "A streamed completion ended early with {Code}")]
    private partial void LogBrokenStream(Exception error, string code);

    [LoggerMessage(4112, LogLevel.Error, "A streamed completion failed by a defect")]
    private partial void LogDefect(Exception error);
}
