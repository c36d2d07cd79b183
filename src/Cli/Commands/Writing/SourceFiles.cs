namespace LatentDb.Cli.Commands.Writing;

/// <summary>Finds the files behind --file: files as they are named, folders with all below them, patterns.</summary>
internal static class SourceFiles
{
    /// <summary>Links are not followed, so that no folder is walked twice; hidden names are left to the tools that own them.</summary>
    private static readonly EnumerationOptions Walk = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = false,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint,
    };

    public static bool IsPattern(string path) => path.AsSpan().ContainsAny('*', '?') && !File.Exists(path) && !Directory.Exists(path);

    /// <summary>In order of name, each once.</summary>
    /// <exception cref="UsageException">A name leads nowhere.</exception>
    public static IReadOnlyList<SourceFile> Find(IEnumerable<string> paths, NamePatterns selection) =>
        [.. paths.SelectMany(path => Expand(path, selection)).DistinctBy(f => f.FullPath, StringComparer.Ordinal)];

    private static IEnumerable<SourceFile> Expand(string path, NamePatterns selection)
    {
        if (File.Exists(path)) return [SourceFile.Of(path, Path.GetFileName(path))];
        if (Directory.Exists(path)) return Below(path).Where(f => selection.Takes(f.Name));
        if (IsPattern(path)) return ByPattern(path).Where(f => selection.Takes(f.Name));
        throw new UsageException($"There is no file and no folder '{path}'.");
    }

    private static IEnumerable<SourceFile> Below(string folder) =>
        Directory.EnumerateFiles(folder, "*", Walk).Select(file => SourceFile.Of(file, Slashes(Path.GetRelativePath(folder, file)))).OrderBy(f => f.Name, StringComparer.Ordinal);

    /// <summary>From the last folder before the first wildcard on.</summary>
    private static IEnumerable<SourceFile> ByPattern(string pattern)
    {
        string path = Slashes(pattern);
        int slash = path.LastIndexOf('/', path.IndexOfAny(['*', '?']));
        string folder = slash < 0 ? "." : slash == 0 ? "/" : path[..slash];
        if (!Directory.Exists(folder)) throw new UsageException($"There is no folder '{folder}' for '{pattern}'.");
        System.Text.RegularExpressions.Regex wanted = NamePatterns.OfPath(path[(slash + 1)..]);
        return Below(folder).Where(f => wanted.IsMatch(f.Name));
    }

    private static string Slashes(string path) => path.Replace(Path.DirectorySeparatorChar, '/');
}

/// <summary>A file to be written into a memory.</summary>
/// <param name="FullPath">Where it is.</param>
/// <param name="Name">How it is named in the report and with its versions: below the folder that was given, with slashes.</param>
/// <param name="Bytes">Its length when it was found.</param>
internal sealed record SourceFile(string FullPath, string Name, long Bytes)
{
    public static SourceFile Of(string path, string name) => new(Path.GetFullPath(path), name, new FileInfo(path).Length);
}
