using System.Text;
using System.Text.Json;

namespace LatentDb.Silo.Tests.TypeScript;

/// <summary>Writes TypeScript types for the schemas of an OpenAPI document: those that some operations use, and what they use in turn.</summary>
internal sealed class SchemaTypes(JsonElement document)
{
    private const string Reference = "#/components/schemas/";

    /// <summary>Stands for any JSON value.</summary>
    private const string AnyValue = "JsonElement";

    private readonly SortedSet<string> _wanted = new(StringComparer.Ordinal);

    /// <summary>The module, with the schemas in order of name.</summary>
    /// <param name="operations">Ids of the operations; their problems are always taken along.</param>
    public string Write(IReadOnlySet<string> operations)
    {
        Want("ApiProblem");
        foreach (JsonElement operation in Operations().Where(o => operations.Contains(o.GetProperty("operationId").GetString()!)))
        {
            if (operation.TryGetProperty("requestBody", out JsonElement body)) WantAll(body);
            WantAll(operation.GetProperty("responses"));
        }

        var text = new StringBuilder("// Made from the server's OpenAPI document; a test of the server compares. UPDATE_CONTRACTS=1 in its environment writes it anew.\n");
        foreach (string name in _wanted) Append(text, name, Schema(name));
        return text.ToString();
    }

    public IEnumerable<JsonElement> Operations() =>
        document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(o => o.Value));

    private JsonElement Schema(string name) => document.GetProperty("components").GetProperty("schemas").GetProperty(name);

    private void Want(string name)
    {
        if (name != AnyValue && _wanted.Add(name)) WantAll(Schema(name));
    }

    private void WantAll(JsonElement part)
    {
        if (part.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in part.EnumerateArray()) WantAll(item);
        }

        if (part.ValueKind != JsonValueKind.Object) return;
        foreach (JsonProperty property in part.EnumerateObject())
        {
            if (property.Name == "$ref" && property.Value.ValueKind == JsonValueKind.String && property.Value.GetString()!.StartsWith(Reference, StringComparison.Ordinal)) Want(property.Value.GetString()![Reference.Length..]);
            else WantAll(property.Value);
        }
    }

    private static void Append(StringBuilder text, string name, JsonElement schema)
    {
        text.Append('\n');
        Comment(text, schema, string.Empty);
        if (!schema.TryGetProperty("properties", out JsonElement properties))
        {
            text.Append($"export type {name} = {TypeOf(schema)};\n");
            return;
        }

        string[] required = schema.TryGetProperty("required", out JsonElement names) ? [.. names.EnumerateArray().Select(n => n.GetString()!)] : [];
        text.Append($"export interface {name} {{\n");
        foreach (JsonProperty property in properties.EnumerateObject())
        {
            Comment(text, property.Value, "  ");

            // The server leaves out what is null, so what may be null may be absent.
            string type = TypeOf(property.Value);
            bool mayBeAbsent = !required.Contains(property.Name, StringComparer.Ordinal) || type.Contains("null", StringComparison.Ordinal) || (type == "unknown" && !property.Value.TryGetProperty("$ref", out _));
            text.Append($"  {property.Name}{(mayBeAbsent ? "?" : string.Empty)}: {type}{(mayBeAbsent && type != "unknown" ? " | undefined" : string.Empty)};\n");
        }

        text.Append("}\n");
    }

    private static void Comment(StringBuilder text, JsonElement schema, string indent)
    {
        if (schema.TryGetProperty("description", out JsonElement description)) text.Append($"{indent}/** {description.GetString()!.ReplaceLineEndings(" ")} */\n");
    }

    private static string TypeOf(JsonElement schema)
    {
        if (schema.TryGetProperty("$ref", out JsonElement reference)) return reference.GetString()![Reference.Length..] is var name && name == AnyValue ? "unknown" : name;
        if (schema.TryGetProperty("enum", out JsonElement values)) return string.Join(" | ", values.EnumerateArray().Select(v => v.GetRawText()));
        if (Choice(schema) is { } choices) return string.Join(" | ", choices.EnumerateArray().Select(TypeOf).Distinct(StringComparer.Ordinal));
        if (!schema.TryGetProperty("type", out JsonElement type)) return "unknown";
        IEnumerable<string> names = type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!).OrderBy(t => t == "null") : [type.GetString()!];
        return string.Join(" | ", names.Select(t => Named(t, schema)));
    }

    private static JsonElement? Choice(JsonElement schema) =>
        schema.TryGetProperty("oneOf", out JsonElement one) ? one : schema.TryGetProperty("anyOf", out JsonElement any) ? any : null;

    private static string Named(string type, JsonElement schema) => type switch
    {
        "integer" or "number" => "number",
        "array" => schema.TryGetProperty("items", out JsonElement items) ? ArrayOf(TypeOf(items)) : "unknown[]",
        "object" when schema.TryGetProperty("additionalProperties", out JsonElement values) && values.ValueKind == JsonValueKind.Object => $"Record<string, {TypeOf(values)}>",
        "object" => "Record<string, unknown>",
        _ => type,
    };

    private static string ArrayOf(string item) => item.Contains(' ', StringComparison.Ordinal) ? $"({item})[]" : $"{item}[]";
}
