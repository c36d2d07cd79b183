using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Mcp.Tools;

/// <summary>JSON schemas of records, in the plain form that every host understands: what may be absent is not required, and no type is a choice.</summary>
internal static class ToolSchema
{
    /// <summary>The argument that names the memory where none is chosen beforehand.</summary>
    public const string MemoryArgument = "memory";

    private static readonly JsonSchemaExporterOptions Options = new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Adapt };

    public static JsonElement Of<T>(bool namesMemory)
    {
        JsonObject schema = ApiJson.Options.GetJsonSchemaAsNode(typeof(T), Options).AsObject();
        schema["type"] = "object";
        if (namesMemory) NameMemory(schema);
        return JsonSerializer.SerializeToElement(schema);
    }

    private static void NameMemory(JsonObject schema)
    {
        if (schema["properties"] is not JsonObject properties) schema["properties"] = properties = [];
        if (schema["required"] is not JsonArray required) schema["required"] = required = [];
        properties.Insert(0, MemoryArgument, new JsonObject { ["type"] = "string", ["description"] = "Id of the memory." });
        required.Insert(0, MemoryArgument);
    }

    private static JsonNode Adapt(JsonSchemaExporterContext context, JsonNode node)
    {
        if (node is not JsonObject schema) return node;
        if (schema["properties"] is JsonObject properties && schema["required"] is JsonArray required)
        {
            // What may be null is left out when it is.
            foreach (JsonNode? name in required.Where(n => MayBeNull(properties[n!.GetValue<string>()])).ToList()) required.Remove(name);
        }

        if (schema["properties"] is JsonObject fields)
        {
            foreach (JsonObject field in fields.Select(f => f.Value).OfType<JsonObject>().Where(MayBeNull).ToList()) field["type"] = TypeOf(field);
        }

        if (context.PropertyInfo?.AttributeProvider is { } provider) Annotate(schema, provider);
        return schema;
    }

    private static void Annotate(JsonObject schema, ICustomAttributeProvider provider)
    {
        foreach (object attribute in provider.GetCustomAttributes(inherit: false))
        {
            switch (attribute)
            {
                case DescriptionAttribute description:
                    schema["description"] = description.Description;
                    break;
                case RangeAttribute { Minimum: int least, Maximum: int most }:
                    schema["minimum"] = least;
                    schema["maximum"] = most;
                    break;
            }
        }
    }

    private static bool MayBeNull(JsonNode? field) => field is JsonObject { } schema && schema["type"] is JsonArray types && types.Any(t => t!.GetValue<string>() == "null");

    private static string TypeOf(JsonObject field) => field["type"]!.AsArray().Select(t => t!.GetValue<string>()).Single(t => t != "null");
}
