namespace LatentDb.Testing;

/// <summary>A new empty folder on a real disk, removed with everything in it when disposed.</summary>
public sealed class TempFolder : IDisposable
{
    /// <summary>Tests may run where /tmp is in memory or in a container's layer; the servers that they start inherit this.</summary>
    static TempFolder() => Environment.SetEnvironmentVariable("LATENTDB_ALLOW_VOLATILE_DISK", "1");

    public TempFolder() => Path = Directory.CreateTempSubdirectory("latentdb-").FullName;

    public string Path { get; }

    public string Combine(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }
}
