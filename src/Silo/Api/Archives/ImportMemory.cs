using System.Buffers;
using System.IO.Pipelines;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Api.Memories;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Streams;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace LatentDb.Silo.Api.Archives;

/// <summary>POST /v1/memories/import?id: a memory from an archive, read as it comes and visible only when all of it is verified.</summary>
internal sealed class ImportMemory(SiloOptions options)
{
    private const int PieceBytes = 64 * 1024;

    /// <summary>How long what follows a refused beginning is still read, so that its sender gets to see the answer.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(5);

    public async Task<IResult> HandleAsync(HttpContext context, RequestScope scope)
    {
        HttpRequest request = context.Request;
        string? id = request.Query["id"];
        WriteOrigin origin = scope.Origin(request);
        IMemoryGrain memory = scope.Memory(id ?? NewMemoryId.For(scope, "import", origin));
        var command = new ImportCommand
        {
            Passphrase = ArchiveSecret.Read(request, ArchiveSecret.PassphraseHeader),
            PrivateKey = ArchiveSecret.Read(request, ArchiveSecret.PrivateKeyHeader),
            Origin = origin,
        };
        RequireArchive(request);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = options.MaxImportBytes;
        try
        {
            WriteResult<MemorySummary> result = await memory.ImportAsync(command, request.Body, context.RequestAborted).ConfigureAwait(false);
            if (result.IsReplay) await DrainAsync(request).ConfigureAwait(false);
            return CreatedMemory.Answer(context, result);
        }
        catch (LatentDbException)
        {
            await DrainAsync(request).ConfigureAwait(false);
            throw;
        }
    }

    private static void RequireArchive(HttpRequest request)
    {
        bool isArchive = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            && (type.MediaType.Equals(ArchiveSecret.MediaType, StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase));
        if (!isArchive) throw new LatentDbException(HttpErrorCode.UnsupportedMediaType, $"Send Content-Type: {ArchiveSecret.MediaType}.");
    }

    /// <summary>A client that is refused while it still writes sees a broken connection and not the answer; so a moderate rest is read and thrown away.</summary>
    private static async Task DrainAsync(HttpRequest request)
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        using var limit = new CancellationTokenSource(DrainLimit);

        // A read that is cancelled by its token leaves Kestrel's reader in the middle of it, and Kestrel logs that as an error when it reads the rest.
        using CancellationTokenRegistration ending = limit.Token.UnsafeRegister(pipe => ((PipeReader)pipe!).CancelPendingRead(), request.BodyReader);
        try
        {
            long left = BodyReader.SpillBytes;
            while (left > 0 && !limit.IsCancellationRequested && await request.Body.ReadAsync(piece, CancellationToken.None).ConfigureAwait(false) is var read and > 0) left -= read;
        }
        catch (Exception error) when (error is OperationCanceledException or BadHttpRequestException)
        {
            // The refusal is what counts. A client that is gone is told of by another exception, and then there is nobody to refuse.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
