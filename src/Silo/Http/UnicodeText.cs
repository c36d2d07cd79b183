using System.Text.Json;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http;

/// <summary>Text of a JSON element; JSON can spell half of a surrogate pair (\ud800), which is no text.</summary>
internal static class UnicodeText
{
    /// <exception cref="LatentDbException">malformed_json.</exception>
    public static string Of(JsonElement text) => Read(() => text.GetString()!);

    /// <exception cref="LatentDbException">malformed_json.</exception>
    public static string NameOf(JsonProperty property) => Read(() => property.Name);

    private static string Read(Func<string> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException error)
        {
            throw new LatentDbException(HttpErrorCode.MalformedJson, "The body holds text that is not valid Unicode: half of a surrogate pair.", error);
        }
    }
}
