using LatentDb.Silo.Http.Streams;

namespace LatentDb.Silo.Http.Description;

/// <summary>A parameter that a handler reads from the request itself, so that OpenAPI must be told of it.</summary>
/// <param name="Name">As it is spelt in the address or as a header.</param>
/// <param name="IsHeader">A header; else a part of the query.</param>
/// <param name="IsNumber">A whole number; else text.</param>
/// <param name="Description">What it does.</param>
internal sealed record ApiParameter(string Name, bool IsHeader, bool IsNumber, string Description)
{
    public static readonly ApiParameter Limit = new("limit", false, true, $"Entries of a page, 1 to {PageCursor.MaxLimit}; {PageCursor.DefaultLimit} by default.");

    public static readonly ApiParameter Cursor = new("cursor", false, false, "The next_cursor of the page before.");

    public static readonly ApiParameter From = new("from", false, false, "The version to start from: version number, RFC 3339 time, snapshot name, or head.");

    public static readonly ApiParameter To = new("to", false, false, "The version to arrive at, in the same forms; the head by default. It may be the older one.");

    public static readonly ApiParameter At = new("at", false, false, "Version number, RFC 3339 time, snapshot name, or head: this version alone; all versions when absent.");

    public static readonly ApiParameter NewId = new("id", false, false, "Name of the new memory; made by the server when absent.");

    public static readonly ApiParameter Passphrase = new(ArchiveSecret.PassphraseHeader, true, false, "Seals or opens the archive. As it stands, or as base64 of its UTF-8 between colons.");

    public static readonly ApiParameter Recipient = new(ArchiveSecret.RecipientHeader, true, false, "Public key (P-256, PEM) that the archive is sealed to, as base64 between colons.");

    public static readonly ApiParameter PrivateKey = new(ArchiveSecret.PrivateKeyHeader, true, false, "Private key (PEM) that the archive was sealed to, as base64 between colons.");

    public static readonly ApiParameter IfMatch = new("If-Match", true, false, "ETag of the head, such as \"v12\": the write is refused with 412 when the head is another.");

    public static readonly ApiParameter Prefer = new("Prefer", true, false, "respond-async: answered 202 as soon as the write is durably accepted; Location tells where to ask for it.");

    public static readonly ApiParameter IdempotencyKey = new(
        "Idempotency-Key", true, false, $"1 to {RequestHeaders.MaxIdempotencyKeyLength} visible ASCII characters: a second write under it changes nothing and gets the first one's answer, with the header Idempotency-Replayed.");
}
