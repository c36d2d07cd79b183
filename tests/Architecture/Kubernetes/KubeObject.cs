using YamlDotNet.RepresentationModel;

namespace LatentDb.Architecture.Kubernetes;

/// <summary>One object of a manifest.</summary>
internal sealed record KubeObject(YamlNode Root)
{
    public string Kind => Root.Text("kind") ?? "?";

    public string Name => Root.Text("metadata", "name") ?? "?";

    public string? Namespace => Root.Text("metadata", "namespace");

    public YamlNode? Spec => Root.At("spec");

    /// <summary>The template of the pods that it makes, or null.</summary>
    public YamlNode? Template => Kind is "StatefulSet" or "Deployment" or "Job" ? Root.At("spec", "template") : null;

    public IReadOnlyDictionary<string, string> PodLabels => Template.Pairs("metadata", "labels");

    public YamlNode? Pod => Template.At("spec");

    public IEnumerable<YamlNode> Containers => Pod.Items("initContainers").Concat(Pod.Items("containers"));

    /// <summary>True when the server runs in it, and not a database or another program.</summary>
    public bool IsSilo => PodLabels.GetValueOrDefault("app.kubernetes.io/name") == "latentdb";

    public IEnumerable<string> PortNames => Containers.SelectMany(c => c.Items("ports")).Select(p => p.Text("name")!);

    public override string ToString() => $"{Kind}/{Name}";
}
