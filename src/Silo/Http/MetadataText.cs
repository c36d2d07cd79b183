using System.Text;
using System.Text.Json;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http;

/// <summary>The caller's own JSON object: checked once, so that it can be given back in every answer.</summary>
internal static class MetadataText
{
    /// <summary>Bytes in UTF-8 of a memory's object.</summary>
    public const int MaxMemoryBytes = 16 * 1024;

    /// <summary>Bytes in UTF-8 of a version's object: there are many versions.</summary>
    public const int MaxVersionBytes = 4 * 1024;

    /// <summary>Levels of objects and arrays: half of what the API's JSON allows, so that listings have room around it.</summary>
    public const int MaxDepth = 16;

    /// <summary>The object's text as it was sent, or null when there is none.</summary>
    /// <exception cref="LatentDbException">invalid_request, malformed_json.</exception>
    public static string? Check(JsonElement? metadata, int maxBytes)
    {
        if (metadata is not { } value || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind != JsonValueKind.Object) throw Invalid("metadata must be a JSON object.");
        string text = value.GetRawText();
        int bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > maxBytes) throw Invalid($"metadata has {bytes} bytes; at most {maxBytes} are kept.");
        CheckValue(value, depth: 1);
        return text;
    }

    /// <summary>The object as it is shown.</summary>
    public static JsonElement? Show(string? text) => text is null ? null : JsonSerializer.Deserialize<JsonElement>(text, ApiJson.Options);

    private static void CheckValue(JsonElement value, int depth)
    {
        if (depth > MaxDepth) throw Invalid($"metadata is nested more than {MaxDepth} levels deep.");
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    _ = UnicodeText.NameOf(property);
                    CheckValue(property.Value, depth + 1);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray()) CheckValue(item, depth + 1);
                break;
            case JsonValueKind.String:
                _ = UnicodeText.Of(value);
                break;
        }
    }

    private static LatentDbException Invalid(string why) => new(ErrorCode.InvalidRequest, why);
}
