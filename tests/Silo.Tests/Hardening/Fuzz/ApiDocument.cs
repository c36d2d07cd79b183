using System.Text.Json;

namespace LatentDb.Silo.Tests.Hardening.Fuzz;

/// <summary>The API as its own document describes it: what is made from this covers a new route by itself.</summary>
internal sealed class ApiDocument
{
    private readonly JsonElement _root;

    public ApiDocument(JsonElement root)
    {
        _root = root;
        Operations =
        [
            .. root.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(o => OperationOf(o.Name.ToUpperInvariant(), p.Name, o.Value))),
        ];
    }

    public ApiOperation[] Operations { get; }

    /// <summary>The schema itself, where one is only named.</summary>
    public JsonElement Resolve(JsonElement schema)
    {
        while (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            schema = _root.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
        }

        foreach (string choice in new[] { "oneOf", "anyOf", "allOf" })
        {
            if (schema.TryGetProperty(choice, out JsonElement choices) && choices.EnumerateArray().FirstOrDefault(c => !IsNull(c)) is { ValueKind: JsonValueKind.Object } one) return Resolve(one);
        }

        return schema;
    }

    /// <summary>The first of its types that is not null; object when it names none.</summary>
    public static string TypeOf(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out JsonElement type)) return schema.TryGetProperty("enum", out _) ? "string" : "object";
        return type.ValueKind == JsonValueKind.String ? type.GetString()! : type.EnumerateArray().Select(t => t.GetString()!).First(t => t != "null");
    }

    private static bool IsNull(JsonElement schema) => schema.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.GetString() == "null";

    private static ApiOperation OperationOf(string method, string path, JsonElement operation)
    {
        ApiField[] fields = operation.TryGetProperty("parameters", out JsonElement parameters)
            ? [.. parameters.EnumerateArray().Select(p => new ApiField(p.GetProperty("name").GetString()!, p.GetProperty("in").GetString()!))]
            : [];
        if (!operation.TryGetProperty("requestBody", out JsonElement body)) return new ApiOperation(method, path, fields, null, null);
        JsonProperty content = body.GetProperty("content").EnumerateObject().First();
        return new ApiOperation(method, path, fields, content.Name, content.Value.TryGetProperty("schema", out JsonElement schema) ? schema : null);
    }
}

/// <summary>One method of one address.</summary>
/// <param name="Method">GET, POST, ...</param>
/// <param name="Path">With its parts in braces.</param>
/// <param name="Fields">Parts of the address, the query and the headers.</param>
/// <param name="BodyType">Media type of the body; null = it takes none.</param>
/// <param name="Body">Schema of the body.</param>
internal sealed record ApiOperation(string Method, string Path, ApiField[] Fields, string? BodyType, JsonElement? Body);

/// <summary>A parameter.</summary>
/// <param name="Name">As it is spelt.</param>
/// <param name="Place">path, query or header.</param>
internal sealed record ApiField(string Name, string Place);
