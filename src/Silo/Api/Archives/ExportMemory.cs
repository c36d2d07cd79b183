using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Streams;

namespace LatentDb.Silo.Api.Archives;

/// <summary>GET /v1/memories/{id}/export?at: the memory as one archive, streamed. It ends with its own checksum, so a broken stream cannot pass for a whole one.</summary>
internal sealed partial class ExportMemory(ILogger<ExportMemory> logger)
{
    /// <summary>Bytes of the memory's own blocks: about what will come. The real length is known at the end only.</summary>
    private const string ForeseenHeader = "X-Archive-Foreseen-Bytes";

    public async Task HandleAsync(string id, HttpContext context, RequestScope scope)
    {
        IMemoryGrain memory = scope.Memory(id);
        string? at = context.Request.Query["at"];
        var command = new ExportCommand
        {
            At = at is null ? null : VersionSelector.Parse(at),
            Passphrase = ArchiveSecret.Read(context.Request, ArchiveSecret.PassphraseHeader),
            RecipientPublicKey = ArchiveSecret.Read(context.Request, ArchiveSecret.RecipientHeader),
        };
        MemorySummary summary = await memory.DescribeAsync(context.RequestAborted).ConfigureAwait(false);
        context.Response.OnStarting(() =>
        {
            // A refusal before the first byte has a status and a type of its own.
            if (context.Response.StatusCode == StatusCodes.Status200OK) Describe(context.Response, summary, command);
            return Task.CompletedTask;
        });
        try
        {
            await memory.ExportAsync(command, context.Response.Body, context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception error) when (context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            // A memory that is erased meanwhile is somebody's wish and no error of the server's.
            if (ProblemTranslator.Translate(error) is { Code.Remedy: Remedy.FixRequest or Remedy.RetryLater } known) LogEnded(known.Code.Name);
            else LogBroken(error);
            context.Abort(); // The only way to tell: the stream breaks before its end.
        }
    }

    private static void Describe(HttpResponse response, MemorySummary summary, ExportCommand command)
    {
        response.ContentType = ArchiveSecret.MediaType;
        response.Headers.ContentDisposition = $"attachment; filename=\"{summary.Key.Memory.Value.Replace(':', '_')}.latentdb\"";
        response.Headers.CacheControl = "no-store";
        if (command.At is null) response.Headers[ForeseenHeader] = summary.OwnedBytes.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    [LoggerMessage(4104, LogLevel.Error, "An export broke off")]
    private partial void LogBroken(Exception error);

    [LoggerMessage(4109, LogLevel.Debug, "An export ended early with {Code}")]
    private partial void LogEnded(string code);
}
