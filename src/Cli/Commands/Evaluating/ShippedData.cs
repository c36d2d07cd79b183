namespace LatentDb.Cli.Commands.Evaluating;

/// <summary>The evaluation files that come with the shipped model.</summary>
internal static class ShippedData
{
    /// <exception cref="UsageException">They are not with this program.</exception>
    public static string Find(string name)
    {
        string installed = Path.Combine(AppContext.BaseDirectory, "server", "models", "small", "eval", name);
        if (File.Exists(installed)) return installed;
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string inCheckout = Path.Combine(folder.FullName, "models", "small", "eval", name);
            if (File.Exists(inCheckout)) return inCheckout;
        }

        throw new UsageException($"'{name}' of the shipped model is neither with this program nor in a checkout around it; name files of your own.");
    }
}
