using System.Text;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http.Streams;

/// <summary>Archives on the wire: their type, and what they are sealed or opened with. That comes in headers, because addresses end up in logs and histories.</summary>
internal static class ArchiveSecret
{
    public const string MediaType = "application/vnd.latentdb.archive";
    public const string PassphraseHeader = "X-Archive-Passphrase";
    public const string RecipientHeader = "X-Archive-Recipient";
    public const string PrivateKeyHeader = "X-Archive-Private-Key";

    /// <summary>
    /// The value of a header: as it stands, or, between colons, as base64 of its UTF-8 (a byte sequence of RFC 9651), for what a header cannot hold: line
    /// ends and letters beyond ASCII. Null when absent.
    /// </summary>
    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static string? Read(HttpRequest request, string header)
    {
        if (!request.Headers.TryGetValue(header, out var values)) return null;
        if (values.Count != 1 || values[0] is not { Length: > 0 } value) throw Invalid(header, "must come once and not be empty");
        if (value.Length < 2 || value[0] != ':' || value[^1] != ':') return value;
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Convert.FromBase64String(value[1..^1]));
        }
        catch (Exception error) when (error is FormatException or DecoderFallbackException)
        {
            throw Invalid(header, "stands between colons, so it must be base64 of UTF-8", error);
        }
    }

    private static LatentDbException Invalid(string header, string why, Exception? cause = null) => new(ErrorCode.InvalidRequest, $"{header} {why}.", cause);
}
