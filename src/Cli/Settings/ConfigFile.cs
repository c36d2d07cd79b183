using System.Text.Json;
using System.Text.Json.Serialization;

namespace LatentDb.Cli.Settings;

/// <summary>The configuration file of the command line: one JSON object, readable by its owner alone.</summary>
internal sealed record ConfigFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        WriteIndented = true,
    };

    public string? Server { get; init; }

    public string? ApiKey { get; init; }

    /// <summary>A file whose first line is the key, for keys that another program brings and renews.</summary>
    public string? ApiKeyFile { get; init; }

    public string? Tenant { get; init; }

    /// <summary>Where it is, whether it exists or not: $LATENTDB_CONFIG, else latentdb/config.json in $XDG_CONFIG_HOME or ~/.config.</summary>
    [JsonIgnore]
    public string Path { get; private init; } = FindPath();

    /// <summary>The file, or an empty one when there is none.</summary>
    /// <exception cref="UsageException">It is there and cannot be understood.</exception>
    public static ConfigFile Read()
    {
        string path = FindPath();
        if (!File.Exists(path)) return new ConfigFile();
        try
        {
            ConfigFile file = JsonSerializer.Deserialize<ConfigFile>(File.ReadAllText(path), Json) ?? new ConfigFile();
            if (file.ApiKey is not null) KeyFile.WarnIfOpen(path);
            return file;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be read: {error.Message}");
        }
    }

    /// <summary>Replaces the file as a whole: a reader sees the old one or the new one.</summary>
    public void Write()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!);
        string part = $"{Path}.{Guid.NewGuid():N}.part";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using (var stream = new FileStream(part, options)) JsonSerializer.Serialize(stream, this, Json);
        File.Move(part, Path, overwrite: true);
    }

    private static string FindPath()
    {
        if (Environment.GetEnvironmentVariable("LATENTDB_CONFIG") is { Length: > 0 } named) return named;
        string home = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } folder
            ? folder
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");
        return System.IO.Path.Combine(home, "latentdb", "config.json");
    }
}
