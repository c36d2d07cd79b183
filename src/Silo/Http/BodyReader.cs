using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Http.Edge;
using Microsoft.Net.Http.Headers;

namespace LatentDb.Silo.Http;

/// <summary>Reads a JSON body strictly: the right type, not too large, nothing unknown, nothing twice, valid UTF-8 and UTF-16.</summary>
internal sealed class BodyReader(SiloOptions options, BodyBudget budget)
{
    /// <summary>How much of a body that is too large is read all the same, so that its sender gets to see the answer.</summary>
    public const long SpillBytes = 16L << 20;

    private const int PieceBytes = 16 * 1024;

    /// <summary>What is set aside for a body before any of it has come: its declared length costs the sender nothing, so it must cost nothing here.</summary>
    private const int TrustedBytes = 16 * 1024;

    /// <exception cref="LatentDbException">unsupported_media_type, body_too_large, malformed_json.</exception>
    public ValueTask<T> ReadAsync<T>(HttpRequest request, CancellationToken cancellationToken)
        where T : class =>
        ReadAsync(request, static body => JsonSerializer.Deserialize<T>(body.Span, ApiJson.Options) ?? throw Malformed("is null; an object is expected"), cancellationToken);

    /// <summary>The same for JSON with rules of its own.</summary>
    /// <param name="request">The request.</param>
    /// <param name="parse">Makes something of the body, and keeps no part of it.</param>
    /// <param name="cancellationToken">Ends the wait for the body.</param>
    /// <exception cref="LatentDbException">unsupported_media_type, body_too_large, malformed_json.</exception>
    public async ValueTask<T> ReadAsync<T>(HttpRequest request, Func<ReadOnlyMemory<byte>, T> parse, CancellationToken cancellationToken)
    {
        RequireJson(request);
        using BodyBudget.Share share = budget.Open();
        ReadOnlyMemory<byte> body = await ReadBytesAsync(request, share, cancellationToken).ConfigureAwait(false);
        if (!Utf8.IsValid(body.Span)) throw Malformed("is not UTF-8");
        try
        {
            return parse(body);
        }
        catch (JsonException error)
        {
            throw Malformed(Describe(error), error);
        }
        catch (InvalidOperationException error)
        {
            throw Malformed("holds text that is not valid Unicode: half of a surrogate pair", error);
        }
    }

    private static void RequireJson(HttpRequest request)
    {
        bool isJson = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));
        if (!isJson) throw new LatentDbException(HttpErrorCode.UnsupportedMediaType, "Send Content-Type: application/json (UTF-8).");
    }

    /// <summary>
    /// Reads the whole body within the limit. What is moderately larger is read to its end and thrown away: a client that is refused while it
    /// still writes sees a broken connection and not the answer.
    /// </summary>
    private async ValueTask<ReadOnlyMemory<byte>> ReadBytesAsync(HttpRequest request, BodyBudget.Share share, CancellationToken cancellationToken)
    {
        if (request.ContentLength > options.MaxBodyBytes + SpillBytes) throw TooLarge();
        var body = new ArrayBufferWriter<byte>((int)Math.Clamp(request.ContentLength ?? 0, 256, TrustedBytes));
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        long total = 0;
        try
        {
            while (await request.Body.ReadAsync(piece, cancellationToken).ConfigureAwait(false) is var read and > 0)
            {
                total += read;
                if (total > options.MaxBodyBytes + SpillBytes) break;
                if (total > options.MaxBodyBytes) continue;
                share.Grow(read);
                body.Write(piece.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }

        return total <= options.MaxBodyBytes ? body.WrittenMemory : throw TooLarge();
    }

    private LatentDbException TooLarge() => new(HttpErrorCode.BodyTooLarge, $"The body is larger than {options.MaxBodyBytes} bytes; send the text in parts.");

    /// <summary>The framework's messages name .NET types; a caller is told the place and the kind of mistake instead.</summary>
    public static string Describe(JsonException error)
    {
        string place = error.Path is { Length: > 0 } path ? $" at {path}" : string.Empty;
        string why = error.Message switch
        {
            { } m when m.Contains("could not be mapped", StringComparison.Ordinal) => "has a property that is not known",
            { } m when m.Contains("Duplicate property", StringComparison.Ordinal) => "has a property twice",
            { } m when m.Contains("missing required", StringComparison.Ordinal) => "lacks a property that is required",
            { } m when m.Contains("could not be converted", StringComparison.Ordinal) => "has a value of the wrong kind or outside its range",
            { } m when m.Contains("maximum configured depth", StringComparison.Ordinal) => "is nested too deeply",
            { } m when m.Contains("null", StringComparison.Ordinal) && m.Contains("nullable", StringComparison.Ordinal) => "has null where a value is required",
            _ => "is not valid JSON",
        };
        return $"{why}{place}";
    }

    private static LatentDbException Malformed(string why, Exception? inner = null) => new(HttpErrorCode.MalformedJson, $"The body {why}.", inner);
}
