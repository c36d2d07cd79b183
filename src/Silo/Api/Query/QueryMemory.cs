using LatentDb.Grains.Contracts;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Streams;

namespace LatentDb.Silo.Api.Query;

/// <summary>POST /v1/memories/{id}/query: a whole answer, or server-sent events: token …, then done, or error when something fails midway.</summary>
internal sealed partial class QueryMemory(BodyReader reader, ILogger<QueryMemory> logger)
{
    public async Task HandleAsync(string id, HttpContext context, RequestScope scope)
    {
        CancellationToken cancellationToken = context.RequestAborted;
        IMemoryGrain memory = scope.Memory(id);
        QueryBody body = await reader.ReadAsync<QueryBody>(context.Request, cancellationToken).ConfigureAwait(false);
        var run = new AnswerReader(scope, memory.QueryAsync(body.ToCommand(), cancellationToken), cancellationToken);
        await using (run.ConfigureAwait(false))
        {
            // What can be refused is refused before the first byte of a stream, with a status of its own.
            bool isGoing = await run.NextPieceAsync().ConfigureAwait(false);
            if (body.Stream) await StreamAsync(context, run, isGoing).ConfigureAwait(false);
            else await AnswerAsync(context, run).ConfigureAwait(false);
        }
    }

    private static async Task AnswerAsync(HttpContext context, AnswerReader run)
    {
        await run.ToEndAsync().ConfigureAwait(false);
        await context.Response.WriteAsJsonAsync(AnswerOf(run), ApiJson.Options, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task StreamAsync(HttpContext context, AnswerReader run, bool isGoing)
    {
        var stream = new ServerSentEvents(context);
        stream.Begin();
        try
        {
            while (isGoing)
            {
                await stream.WriteAsync("token", new TokenBody(run.Piece), context.RequestAborted).ConfigureAwait(false);
                isGoing = await run.NextPieceAsync().ConfigureAwait(false);
            }

            await stream.WriteAsync("done", AnswerOf(run), context.RequestAborted).ConfigureAwait(false);
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

    private static QueryAnswer AnswerOf(AnswerReader run) => QueryAnswer.Of(run.Text, run.Version.Value, run.End);

    [LoggerMessage(4101, LogLevel.Warning, "A streamed answer ended early with {Code}")]
    private partial void LogBrokenStream(Exception error, string code);

    [LoggerMessage(4102, LogLevel.Error, "A streamed answer failed by a defect")]
    private partial void LogDefect(Exception error);
}
