using System.CommandLine;
using System.Text.Json;

namespace LatentDb.Cli.Settings;

/// <summary>--metadata: a JSON object on the command line.</summary>
internal static class JsonObjectOption
{
    public static Option<string?> Create(string what) => new("--metadata") { Description = $"A JSON object that is kept with the {what}." };

    /// <exception cref="UsageException">It is not JSON.</exception>
    public static JsonElement? Parse(string? text)
    {
        if (text is null) return null;
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
        catch (JsonException error)
        {
            throw new UsageException($"--metadata is not JSON: {error.Message}");
        }
    }
}
