namespace LatentDb.Testing;

/// <summary>Finds files of the checkout from wherever the test assembly runs.</summary>
public static class RepositoryFiles
{
    /// <summary>The folder that holds Orleans.sln.</summary>
    public static string Root { get; } = FindRoot();

    public static string Combine(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Orleans.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException("Orleans.sln was not found above the test assembly.");
    }
}
