using YamlDotNet.RepresentationModel;

namespace LatentDb.Architecture.Kubernetes;

/// <summary>Ways through a parsed YAML document that end in nothing, not in an exception, where a step is missing.</summary>
internal static class YamlTree
{
    public static YamlNode? At(this YamlNode? node, params string[] path)
    {
        foreach (string step in path) node = node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(step), out YamlNode? child) ? child : null;
        return node;
    }

    public static string? Text(this YamlNode? node, params string[] path) => (node.At(path) as YamlScalarNode)?.Value;

    public static IEnumerable<YamlNode> Items(this YamlNode? node, params string[] path) => node.At(path) is YamlSequenceNode list ? list.Children : [];

    /// <summary>The scalars of a mapping: labels, selectors, data.</summary>
    public static Dictionary<string, string> Pairs(this YamlNode? node, params string[] path) =>
        node.At(path) is YamlMappingNode map
            ? map.Children.Where(c => c.Value is YamlScalarNode).ToDictionary(c => ((YamlScalarNode)c.Key).Value!, c => ((YamlScalarNode)c.Value).Value ?? string.Empty, StringComparer.Ordinal)
            : [];

    public static bool Has(this YamlNode? node, params string[] path) => node.At(path) is not null;

    /// <summary>All documents of a text; empty ones are left out.</summary>
    public static YamlNode[] Parse(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(d => d.RootNode).Where(n => n is YamlMappingNode)];
    }
}
