using System.Text;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Query;

/// <summary>POST /v1/memories/{id}/query: a whole answer, or server-sent events: token …, then done, or error when something fails midway.</summary>
internal sealed partial class QueryMemory(BodyReader reader, ILogger<QueryMemory> logger)
{
    public async Task HandleAsync(string id, HttpContext context, RequestScope scope)
    {
        CancellationToken cancellationToken = context.RequestAborted;
        IMemoryGrain memory = scope.Memory(id);
        QueryBody body = await reader.ReadAsync<QueryBody>(context.Request, cancellationToken).ConfigureAwait(false);
        IAsyncEnumerator<QueryEvent> events = memory.QueryAsync(body.ToCommand(), cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (events.ConfigureAwait(false))
        {
            var run = new Progress();

            // What can be refused is refused before the first byte of a stream, with a status of its own.
            bool isGoing = await run.NextAsync(events).ConfigureAwait(false);
            while (isGoing && run.Piece.Length == 0) isGoing = await run.NextAsync(events).ConfigureAwait(false);
            if (body.Stream) await StreamAsync(context, events, run, isGoing).ConfigureAwait(false);
            else await AnswerAsync(context, events, run, isGoing).ConfigureAwait(false);
        }
    }

    private static async Task AnswerAsync(HttpContext context, IAsyncEnumerator<QueryEvent> events, Progress run, bool isGoing)
    {
        while (isGoing) isGoing = await run.NextAsync(events).ConfigureAwait(false);
        await context.Response.WriteAsJsonAsync(run.Answer, ApiJson.Options, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task StreamAsync(HttpContext context, IAsyncEnumerator<QueryEvent> events, Progress run, bool isGoing)
    {
        var stream = new ServerSentEvents(context);
        stream.Begin();
        try
        {
            while (isGoing)
            {
                if (run.Piece.Length > 0) await stream.WriteAsync("token", new TokenBody(run.Piece), context.RequestAborted).ConfigureAwait(false);
                isGoing = await run.NextAsync(events).ConfigureAwait(false);
            }

            await stream.WriteAsync("done", run.Answer, context.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            throw; // Nobody is there to be told.
        }
        catch (Exception error) when (ProblemTranslator.Translate(error) is { } known)
        {
            LogBrokenStream(error, known.Code.Name);
            await stream.WriteAsync("error", ProblemWriter.ToProblem(context, known), context.RequestAborted).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The request edge of a stream: its status is sent already, so a defect is told in its last event.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogDefect(error);
            await stream.WriteAsync("error", ProblemWriter.ToProblem(context, ProblemTranslator.Defect(error)), context.RequestAborted).ConfigureAwait(false);
        }
    }

    [LoggerMessage(4101, LogLevel.Warning, "A streamed answer ended early with {Code}")]
    private partial void LogBrokenStream(Exception error, string code);

    [LoggerMessage(4102, LogLevel.Error, "A streamed answer failed by a defect")]
    private partial void LogDefect(Exception error);

    /// <summary>What has come of an answer so far.</summary>
    private sealed class Progress
    {
        private readonly StringBuilder _text = new();
        private long _version;
        private GenerationCompleted? _end;

        /// <summary>The text of the last step; empty when it had none.</summary>
        public string Piece { get; private set; } = string.Empty;

        public QueryAnswer Answer => QueryAnswer.Of(
            _text.ToString(), _version, _end ?? throw new LatentDbException(ErrorCode.Internal, "The model ended an answer without its last event."));

        public async ValueTask<bool> NextAsync(IAsyncEnumerator<QueryEvent> events)
        {
            Piece = string.Empty;
            if (!await events.MoveNextAsync().ConfigureAwait(false)) return false;
            switch (events.Current)
            {
                case QueryStarted started:
                    _version = started.Version.Value;
                    break;
                case QueryGenerated { Event: GeneratedText text }:
                    Piece = text.Text;
                    _text.Append(text.Text);
                    break;
                case QueryGenerated { Event: GenerationCompleted end }:
                    _end = end;
                    break;
            }

            return true;
        }
    }
}
