using System.Text;
using System.Text.Json.Nodes;
using LatentDb.ModelHost.Tokenizers;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Tokenizers;

/// <summary>A tokenizer of 700 entries with merges in many scripts, and edits of its file.</summary>
internal static class FixtureTokenizer
{
    public static string FolderPath => RepositoryFiles.Combine("tests", "ModelHost.Tests", "Tokenizers", "Fixtures");

    public static JsonNode ReadJson() => JsonNode.Parse(File.ReadAllBytes(Path.Combine(FolderPath, "tokenizer.json")))!;

    public static Tokenizer Load() => Load(ReadJson());

    public static Tokenizer Load(JsonNode json) => Tokenizer.Load("tokenizer.json", Encoding.UTF8.GetBytes(json.ToJsonString()));

    /// <summary>The fixture after <paramref name="edit"/>.</summary>
    public static Tokenizer LoadEdited(Action<JsonNode> edit)
    {
        JsonNode json = ReadJson();
        edit(json);
        return Load(json);
    }

    /// <summary>Bytes and added tokens only: no merges.</summary>
    public static Tokenizer LoadBytesOnly(params string[] special) => LoadEdited(json =>
    {
        var vocabulary = new JsonObject();
        for (int value = 0; value < 256; value++) vocabulary[ByteAlphabet.ToChar((byte)value).ToString()] = value;
        json["model"]!["vocab"] = vocabulary;
        json["model"]!["merges"] = new JsonArray();
        json["added_tokens"] = new JsonArray([.. special.Select((content, i) => (JsonNode)Added(256 + i, content, isSpecial: true))]);
    });

    public static JsonObject Added(int id, string content, bool isSpecial) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["special"] = isSpecial,
    };
}
