
namespace LatentDb.Cli.Settings;

/// <summary>A file whose first line is a secret.</summary>
internal static class KeyFile
{
    private const UnixFileMode OthersMayRead = UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <exception cref="UsageException">It cannot be read or is empty.</exception>
    public static string Read(string path)
    {
        try
        {
            string? line = File.ReadLines(path).FirstOrDefault()?.Trim();
            WarnIfOpen(path);
            return string.IsNullOrEmpty(line) ? throw new UsageException($"{path} is empty; its first line must be the API key.") : line;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The API key cannot be read: {error.Message}");
        }
    }

    /// <summary>Says so when other users of the machine may read a file with a secret.</summary>
    public static void WarnIfOpen(string path)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path) || (File.GetUnixFileMode(path) & OthersMayRead) == UnixFileMode.None) return;
        Console.Error.WriteLine($"latentdb: other users may read {path}, which holds an API key; 'chmod 600' it.");
    }

    /// <summary>What may be shown of a key: its public part, which names it and opens nothing.</summary>
    public static string Masked(string key)
    {
        string[] parts = key.Split('_');
        return parts is ["ldb", { Length: > 0 } id, ..] ? $"ldb_{id}_..." : "(set)";
    }
}
