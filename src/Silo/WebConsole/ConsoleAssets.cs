using System.Collections.Frozen;
using System.Reflection;

namespace LatentDb.Silo.WebConsole;

/// <summary>The files of the console, which travel inside the program: there is no folder that could be missing, stale or written to.</summary>
internal sealed class ConsoleAssets
{
    /// <summary>What the project file puts before the path of each of them.</summary>
    private const string Prefix = "console/";

    private readonly FrozenDictionary<string, ConsoleAsset> _assets = Load();

    /// <summary>Paths of all files, relative to the console.</summary>
    public IEnumerable<string> Paths => _assets.Keys;

    public ConsoleAsset? Find(string path) => _assets.GetValueOrDefault(path);

    private static FrozenDictionary<string, ConsoleAsset> Load()
    {
        Assembly assembly = typeof(ConsoleAssets).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(PathOf, name => new ConsoleAsset(name, Read(assembly, name)), StringComparer.Ordinal);
    }

    /// <summary>The build names resources with the separators of the machine that it ran on.</summary>
    private static string PathOf(string name) => name[Prefix.Length..].Replace('\\', '/');

    private static byte[] Read(Assembly assembly, string name)
    {
        using Stream source = assembly.GetManifestResourceStream(name)!;
        byte[] bytes = new byte[source.Length];
        source.ReadExactly(bytes);
        return bytes;
    }
}
