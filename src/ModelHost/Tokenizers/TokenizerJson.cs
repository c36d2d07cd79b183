using System.Text.Json;
using System.Text.Unicode;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.ModelHost.Tokenizers;

/// <summary>Typed reading of parts of a tokenizer.json; a refusal names the file and the path of the part ("model.merges"). null counts as absent.</summary>
internal readonly struct TokenizerJson
{
    private static readonly JsonDocumentOptions JsonOptions = new() { MaxDepth = 32 };

    private readonly string _file;
    private readonly JsonElement _element;

    private TokenizerJson(string file, string path, JsonElement element)
    {
        _file = file;
        Path = path;
        _element = element;
    }

    public string Path { get; }

    public JsonValueKind Kind => _element.ValueKind;

    /// <summary>Parses a file and runs <paramref name="read"/> on its root; everything that the JSON reader throws becomes checkpoint_invalid.</summary>
    public static T Read<T>(string file, ReadOnlyMemory<byte> json, Func<TokenizerJson, T> read)
    {
        if (!Utf8.IsValid(json.Span)) throw Error(file, "is not valid UTF-8.", null);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, JsonOptions);
            return read(new TokenizerJson(file, string.Empty, document.RootElement));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Error(file, "is not the JSON of a tokenizer.", e);
        }
    }

    public TokenizerJson? Find(string key)
    {
        if (Kind != JsonValueKind.Object) throw Wrong("must be an object.");
        bool isThere = _element.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null;
        return isThere ? new TokenizerJson(_file, Path.Length == 0 ? key : $"{Path}.{key}", value) : null;
    }

    public TokenizerJson Need(string key) => Find(key) ?? throw Wrong($"lacks '{key}'.");

    public bool IsTrue(string key) => Find(key)?.Boolean() ?? false;

    public string TypeName() => Need("type").Text();

    public string Text() => Kind == JsonValueKind.String ? _element.GetString()! : throw Wrong("must be a string.");

    public bool Boolean() => Kind is JsonValueKind.True or JsonValueKind.False ? Kind == JsonValueKind.True : throw Wrong("must be true or false.");

    /// <summary>A token id.</summary>
    public int Id()
    {
        bool isNumber = Kind == JsonValueKind.Number && _element.TryGetInt32(out int id) && id is >= 0 and < TokenizerLimits.MaxVocabulary;
        return isNumber ? _element.GetInt32() : throw Wrong($"must be a token id below {TokenizerLimits.MaxVocabulary}.");
    }

    public IEnumerable<TokenizerJson> Items()
    {
        if (Kind != JsonValueKind.Array) throw Wrong("must be an array.");
        int index = 0;
        foreach (JsonElement item in _element.EnumerateArray()) yield return new TokenizerJson(_file, $"{Path}[{index++}]", item);
    }

    public IEnumerable<KeyValuePair<string, TokenizerJson>> Fields()
    {
        if (Kind != JsonValueKind.Object) throw Wrong("must be an object.");
        foreach (JsonProperty field in _element.EnumerateObject()) yield return KeyValuePair.Create(field.Name, new TokenizerJson(_file, Path, field.Value));
    }

    /// <summary>Refuses a setting that is neither absent, false, nor an empty string.</summary>
    public void Refuse(string key)
    {
        if (Find(key) is not { } value) return;
        bool isHarmless = value.Kind == JsonValueKind.False || (value.Kind == JsonValueKind.String && value.Text().Length == 0);
        if (!isHarmless) throw value.Wrong("is set, which is not supported.");
    }

    public LatentDbException Wrong(string problem, Exception? inner = null) => Error(_file, $"'{(Path.Length == 0 ? "the file" : Path)}' {problem}", inner);

    private static LatentDbException Error(string file, string problem, Exception? inner) =>
        new(ErrorCode.CheckpointInvalid, $"{System.IO.Path.GetFileName(file)}: {problem}", inner);
}
