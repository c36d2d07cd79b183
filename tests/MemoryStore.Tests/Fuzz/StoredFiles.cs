namespace LatentDb.MemoryStore.Tests.Fuzz;

/// <summary>The files of a closed store, held in memory, so that damaged copies of it can be laid out again and again.</summary>
internal sealed class StoredFiles
{
    private const int ChunkBytes = 64;

    private readonly SortedDictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly List<(string Name, int Chunk)> _written = [];

    private StoredFiles()
    {
    }

    public IReadOnlyDictionary<string, byte[]> Files => _files;

    public static StoredFiles Load(string folder)
    {
        var files = new StoredFiles();
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            byte[] bytes = File.ReadAllBytes(path);
            string name = Path.GetRelativePath(folder, path);
            files._files.Add(name, bytes);
            for (int at = 0; at < bytes.Length; at += ChunkBytes)
            {
                if (bytes.AsSpan(at, Math.Min(ChunkBytes, bytes.Length - at)).ContainsAnyExcept((byte)0)) files._written.Add((name, at));
            }
        }

        return files;
    }

    /// <summary>A place in some file: nine times in ten where something was written, else anywhere, prewritten zeros included.</summary>
    public (string Name, int At) Pick(Random random)
    {
        if (random.Next(10) > 0)
        {
            (string written, int chunk) = _written[random.Next(_written.Count)];
            return (written, chunk + random.Next(Math.Min(ChunkBytes, _files[written].Length - chunk)));
        }

        (string name, byte[] bytes) = _files.Where(f => f.Value.Length > 0).ElementAt(random.Next(_files.Count(f => f.Value.Length > 0)));
        return (name, random.Next(bytes.Length));
    }

    /// <summary>Writes all files into a new folder, one of them with other bytes.</summary>
    public void WriteTo(string folder, string damaged, byte[] instead)
    {
        foreach ((string name, byte[] bytes) in _files)
        {
            string path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, string.Equals(name, damaged, StringComparison.Ordinal) ? instead : bytes);

            // The master key is refused where others may read it.
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
