using System.Globalization;
using System.Text;
using System.Text.Json;
using LatentDb.ModelHost;

namespace LatentDb.Silo.Tests.Hardening.Fuzz;

/// <summary>A body that a schema allows, or nearly: now and then a property is missing, too many, twice, or has a value from <see cref="Spices"/>.</summary>
internal sealed class SampleBody(ApiDocument document, SeededRandom random, bool isSpiced)
{
    private const int MaxDepth = 6;

    public string Of(JsonElement schema)
    {
        var text = new StringBuilder();
        Write(text, schema, string.Empty, 0);
        return text.ToString();
    }

    private void Write(StringBuilder text, JsonElement schema, string name, int depth)
    {
        if (isSpiced && random.NextInt32(8) == 0)
        {
            text.Append(Pick(Spices.Values));
            return;
        }

        schema = document.Resolve(schema);
        switch (depth > MaxDepth ? "null" : ApiDocument.TypeOf(schema))
        {
            case "object":
                WriteObject(text, schema, depth);
                break;
            case "array":
                text.Append('[');
                if (schema.TryGetProperty("items", out JsonElement items) && random.NextInt32(5) > 0) Write(text, items, name, depth + 1);
                text.Append(']');
                break;
            case "integer":
                text.Append((name.Contains("tokens", StringComparison.Ordinal) ? 1 + random.NextInt32(4) : random.NextInt32(3)).ToString(CultureInfo.InvariantCulture));
                break;
            case "number":
                text.Append((random.NextInt32(11) / 10.0).ToString(CultureInfo.InvariantCulture));
                break;
            case "boolean":
                text.Append(random.NextInt32(2) == 0 ? "true" : "false");
                break;
            default:
                text.Append(JsonSerializer.Serialize(TextFor(schema, name)));
                break;
        }
    }

    private void WriteObject(StringBuilder text, JsonElement schema, int depth)
    {
        text.Append('{');
        bool isFirst = true;
        JsonProperty[] properties = schema.TryGetProperty("properties", out JsonElement all) ? [.. all.EnumerateObject()] : [];
        string[] required = schema.TryGetProperty("required", out JsonElement names) ? [.. names.EnumerateArray().Select(n => n.GetString()!)] : [];
        foreach (JsonProperty property in properties)
        {
            if (!required.Contains(property.Name) && random.NextInt32(2) == 0) continue;
            for (int times = isSpiced && random.NextInt32(20) == 0 ? 2 : 1; times > 0; times--)
            {
                if (!isFirst) text.Append(',');
                isFirst = false;
                text.Append('"').Append(property.Name).Append("\":");
                Write(text, property.Value, property.Name, depth + 1);
            }
        }

        if (isSpiced && random.NextInt32(10) == 0) text.Append(isFirst ? string.Empty : ",").Append("\"unknown\":").Append(Pick(Spices.Values));
        text.Append('}');
    }

    /// <summary>What stands for something by its name is often that, so that requests get past the first check.</summary>
    private string TextFor(JsonElement schema, string name)
    {
        if (schema.TryGetProperty("enum", out JsonElement choices)) return choices.EnumerateArray().ElementAt(random.NextInt32(choices.GetArrayLength())).GetString() ?? string.Empty;
        return name switch
        {
            "id" or "memory" or "user" => Pick(Spices.Ids),
            "role" => Pick(["user", "assistant", "system", "reader", "writer", "admin"]),
            "at" or "to" or "from" => Pick(["1", "2", "head", "mark"]),
            "model" => "small",
            "name" => "mark",
            _ => Pick(["Maria lives in Lisbon.", "x", "Peter works as a baker. Anna plays the cello."]),
        };
    }

    private string Pick(string[] values) => values[random.NextInt32(values.Length)];
}
