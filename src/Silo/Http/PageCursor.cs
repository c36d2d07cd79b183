using System.Buffers.Text;
using System.Globalization;
using System.Text;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http;

/// <summary>Opaque cursors and limits of listings.</summary>
internal static class PageCursor
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 200;

    public static string Encode(string last) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(last));

    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static string? Decode(HttpRequest request)
    {
        string? cursor = request.Query["cursor"];
        if (string.IsNullOrEmpty(cursor)) return null;
        byte[] bytes = new byte[Base64Url.GetMaxDecodedLength(cursor.Length)];
        bool isValid = cursor.Length <= 1024 && Base64Url.IsValid(cursor);
        if (!isValid || !Base64Url.TryDecodeFromChars(cursor, bytes, out int length)) throw Foreign();
        return Encoding.UTF8.GetString(bytes.AsSpan(0, length));
    }

    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static int Limit(HttpRequest request)
    {
        string? text = request.Query["limit"];
        if (text is null) return DefaultLimit;
        bool isValid = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit is >= 1 and <= MaxLimit;
        return isValid ? limit : throw new LatentDbException(ErrorCode.InvalidRequest, $"limit must be a whole number from 1 to {MaxLimit}.");
    }

    /// <summary>What a cursor that nobody gave is refused with.</summary>
    public static LatentDbException Foreign(Exception? cause = null) => new(ErrorCode.InvalidRequest, "The cursor is not one that this server gave.", cause);
}
