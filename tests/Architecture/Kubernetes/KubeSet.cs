using YamlDotNet.RepresentationModel;

namespace LatentDb.Architecture.Kubernetes;

/// <summary>All objects that one overlay brings into a cluster.</summary>
internal sealed class KubeSet(IReadOnlyList<KubeObject> objects)
{
    public IReadOnlyList<KubeObject> Objects { get; } = objects;

    public IEnumerable<KubeObject> Workloads => Objects.Where(o => o.Template is not null);

    public static KubeSet Parse(string text) => new([.. YamlTree.Parse(text).Select(root => new KubeObject(root))]);

    public bool Has(string kind, string? name) => Objects.Any(o => o.Kind == kind && o.Name == name);

    /// <summary>The options and other variables of a container, those of its config maps included, with the text of each or null where it comes from elsewhere.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Environment(YamlNode container)
    {
        foreach (string? map in container.Items("envFrom").Select(e => e.Text("configMapRef", "name")))
        {
            foreach ((string name, string value) in Objects.Where(o => o.Kind == "ConfigMap" && o.Name == map).SelectMany(o => o.Root.Pairs("data"))) yield return new(name, value);
        }

        foreach (YamlNode variable in container.Items("env")) yield return new(variable.Text("name")!, variable.Text("value"));
    }

    /// <summary>The pods that a label selector means.</summary>
    public IEnumerable<KubeObject> Select(YamlNode? selector) => Workloads.Where(w => Matches(selector, w.PodLabels));

    /// <summary>matchLabels and matchExpressions with In, or the plain labels of a service.</summary>
    public static bool Matches(YamlNode? selector, IReadOnlyDictionary<string, string> labels)
    {
        bool isPlain = !selector.Has("matchLabels") && !selector.Has("matchExpressions");
        Dictionary<string, string> wanted = isPlain ? selector.Pairs() : selector.Pairs("matchLabels");
        return wanted.All(w => labels.GetValueOrDefault(w.Key) == w.Value)
            && selector.Items("matchExpressions").All(e => e.Text("operator") == "In" && e.Items("values").Any(v => v.Text() == labels.GetValueOrDefault(e.Text("key")!)));
    }
}
