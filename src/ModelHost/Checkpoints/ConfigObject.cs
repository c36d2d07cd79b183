using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>Typed reading of a JSON object whose refusals name the file and the key. A key that is null counts as absent.</summary>
internal sealed class ConfigObject
{
    private static readonly JsonDocumentOptions JsonOptions = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    private readonly JsonElement _element;
    private readonly string _prefix;

    private ConfigObject(string file, string prefix, JsonElement element)
    {
        File = file;
        _prefix = prefix;
        _element = element;
    }

    public string File { get; }

    /// <summary>Parses a whole file.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">checkpoint_invalid: not a JSON object.</exception>
    public static ConfigObject Parse(string file, ReadOnlyMemory<byte> json)
    {
        if (!Utf8.IsValid(json.Span)) throw CheckpointErrors.Invalid(file, "is not valid UTF-8.");
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, JsonOptions);
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw CheckpointErrors.Invalid(file, "must be a JSON object.");
            return new ConfigObject(file, string.Empty, document.RootElement.Clone());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw CheckpointErrors.Invalid(file, "is not valid JSON.", e);
        }
    }

    public bool Has(string key) => TryGet(key, out _);

    public int Int32(string key, int min, int max, int? absent = null)
    {
        if (!TryGet(key, out JsonElement value)) return absent ?? throw Missing(key);
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out int number)) throw Wrong(key, "must be a whole number.");
        if (number < min || number > max) throw Wrong(key, $"is {number}; {min} to {max} are allowed.");
        return number;
    }

    public double Double(string key, double? absent = null)
    {
        if (!TryGet(key, out JsonElement value)) return absent ?? throw Missing(key);
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number) || !double.IsFinite(number)) throw Wrong(key, "must be a number.");
        return number;
    }

    public bool Boolean(string key, bool? absent = null)
    {
        if (!TryGet(key, out JsonElement value)) return absent ?? throw Missing(key);
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(key, "must be true or false."),
        };
    }

    public string? Text(string key)
    {
        if (!TryGet(key, out JsonElement value)) return null;
        return TextOf(key, value);
    }

    public ImmutableArray<string> Texts(string key)
    {
        if (!TryGet(key, out JsonElement value)) return [];
        if (value.ValueKind != JsonValueKind.Array) throw Wrong(key, "must be an array of strings.");
        return [.. value.EnumerateArray().Select(item => TextOf(key, item))];
    }

    /// <summary>A whole number or an array of them, as eos_token_id comes.</summary>
    public ImmutableArray<int> Int32OrList(string key, int min, int max)
    {
        if (!TryGet(key, out JsonElement value)) return [];
        IEnumerable<JsonElement> items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];
        return [.. items.Select(item => NumberOf(key, item, min, max))];
    }

    public ConfigObject? Object(string key)
    {
        if (!TryGet(key, out JsonElement value)) return null;
        if (value.ValueKind != JsonValueKind.Object) throw Wrong(key, "must be an object or null.");
        return new ConfigObject(File, $"{_prefix}{key}.", value);
    }

    /// <summary>Keys and text values of an object such as weight_map.</summary>
    public ImmutableArray<KeyValuePair<string, string>> TextPairs()
    {
        try
        {
            return [.. _element.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, TextOf(p.Name, p.Value)))];
        }
        catch (InvalidOperationException e)
        {
            throw CheckpointErrors.Invalid(File, "has a key that is not a valid string.", e);
        }
    }

    /// <summary>A key that changes the mathematics in a way we do not have must be absent, null, false, empty or equal to <paramref name="harmless"/>.</summary>
    public void Refuse(string key, string reason, double? harmless = null)
    {
        if (!TryGet(key, out JsonElement value)) return;
        bool isHarmless = value.ValueKind switch
        {
            JsonValueKind.False => true,
            JsonValueKind.Number => harmless is not null && value.TryGetDouble(out double number) && number.Equals(harmless.Value),
            JsonValueKind.Array => value.GetArrayLength() == 0,
            JsonValueKind.Object => !value.EnumerateObject().Any(),
            _ => false,
        };
        if (!isHarmless) throw Wrong(key, reason);
    }

    public Exception Wrong(string key, string problem) => CheckpointErrors.Key(File, _prefix + key, problem);

    private Exception Missing(string key) => Wrong(key, "is missing.");

    private string TextOf(string key, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) throw Wrong(key, "must be a string.");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Wrong(key, "is not a valid string.");
        }
    }

    private int NumberOf(string key, JsonElement value, int min, int max)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out int number)) throw Wrong(key, "must be a whole number or an array of them.");
        if (number < min || number > max) throw Wrong(key, $"has {number}; {min} to {max} are allowed.");
        return number;
    }

    private bool TryGet(string key, [NotNullWhen(true)] out JsonElement value) => _element.TryGetProperty(key, out value) && value.ValueKind != JsonValueKind.Null;
}
