using System.Text.Json;

namespace LatentDb.Replay;

/// <summary>Which case folders a path stands for: a case itself, the cases that a set's manifest lists, or all sets and cases below.</summary>
internal static class CaseFinder
{
    private const string ManifestName = "manifest.json";

    /// <exception cref="InvalidDataException">There is no case, or a set lists a folder that is not there.</exception>
    public static string[] Find(string path)
    {
        string folder = Path.GetFullPath(path);
        if (!Directory.Exists(folder)) throw new InvalidDataException($"{folder}: there is no such folder.");
        string[] cases = [.. FindBelow(folder)];
        return cases.Length > 0 ? cases : throw new InvalidDataException($"{folder}: no case was found; a case folder holds a {ManifestName} with steps.");
    }

    private static IEnumerable<string> FindBelow(string folder)
    {
        string manifest = Path.Combine(folder, ManifestName);
        if (!File.Exists(manifest)) return Directory.GetDirectories(folder).Order(StringComparer.Ordinal).SelectMany(FindBelow);
        using JsonDocument json = Read(manifest);
        if (json.RootElement.ValueKind == JsonValueKind.Object)
        {
            if (json.RootElement.TryGetProperty("steps", out _)) return [folder];
            if (json.RootElement.TryGetProperty("cases", out JsonElement cases)) return Listed(manifest, folder, cases);
        }

        throw new InvalidDataException($"{manifest}: lists neither steps (a case) nor cases (a set).");
    }

    private static string[] Listed(string manifest, string folder, JsonElement cases)
    {
        List<string> folders = [];
        foreach (JsonElement entry in cases.ValueKind == JsonValueKind.Array ? cases.EnumerateArray() : default)
        {
            string? name = NameOf(entry);
            string path = Path.Combine(folder, name ?? string.Empty);
            if (name is null || !File.Exists(Path.Combine(path, ManifestName))) throw new InvalidDataException($"{manifest}: case '{name}' has no {ManifestName}.");
            folders.Add(path);
        }

        return [.. folders];
    }

    private static string? NameOf(JsonElement entry)
    {
        if (entry.ValueKind == JsonValueKind.String) return entry.GetString();
        if (entry.ValueKind != JsonValueKind.Object) return null;
        return entry.TryGetProperty("folder", out JsonElement folder) || entry.TryGetProperty("case", out folder) ? folder.GetString() : null;
    }

    private static JsonDocument Read(string manifest)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(manifest));
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{manifest}: {error.Message}", error);
        }
    }
}
