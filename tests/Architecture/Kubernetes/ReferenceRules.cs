using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace LatentDb.Architecture.Kubernetes;

/// <summary>What one object of a manifest says of another must be so. Each rule answers with what is wrong.</summary>
internal static partial class ReferenceRules
{
    public static IEnumerable<string> Check(KubeSet set, string guide) =>
        [.. Selectors(set), .. Ports(set), .. NamedObjects(set), .. Secrets(set, guide), .. Volumes(set), .. Scaling(set), .. Names(set)];

    /// <summary>A selector that matches no pod does nothing, silently.</summary>
    private static IEnumerable<string> Selectors(KubeSet set)
    {
        foreach (KubeObject o in set.Objects)
        {
            YamlNode? selector = o.Kind == "NetworkPolicy" ? o.Spec.At("podSelector") : o.Kind is "Service" or "PodDisruptionBudget" ? o.Spec.At("selector") : null;
            if (selector is not null && !set.Select(selector).Any()) yield return $"{o} selects no pod";
            if (o.Kind is "StatefulSet" or "Deployment" && !KubeSet.Matches(o.Spec.At("selector"), o.PodLabels)) yield return $"{o} does not select its own pods";
            if (o.Kind == "PodDisruptionBudget" && set.Select(selector).Count() > 1) yield return $"{o} counts pods of several workloads together";
            foreach (YamlNode spread in o.Pod.Items("topologySpreadConstraints").Where(s => !KubeSet.Matches(s.At("labelSelector"), o.PodLabels))) yield return $"{o} spreads pods that are not its own: {spread}";
            foreach (YamlNode peer in o.Kind == "NetworkPolicy" ? Rules(o).SelectMany(r => r.Peers) : [])
            {
                if (peer.Has("podSelector") && !peer.Has("namespaceSelector") && !set.Select(peer.At("podSelector")).Any()) yield return $"{o} names peers that are no pods: {peer}";
            }
        }

        IEnumerable<string> twice = set.Workloads.GroupBy(w => string.Join(',', w.PodLabels.OrderBy(l => l.Key, StringComparer.Ordinal))).Where(g => g.Count() > 1).Select(g => $"the same labels: {string.Join(", ", g)}");
        foreach (string problem in twice) yield return problem;
    }

    /// <summary>A port by name must be one of the pod it is asked of.</summary>
    private static IEnumerable<string> Ports(KubeSet set)
    {
        foreach (KubeObject o in set.Objects)
        {
            if (o.Kind == "Service")
            {
                foreach (string? port in o.Spec.Items("ports").Select(p => p.Text("targetPort")))
                {
                    foreach (KubeObject pod in set.Select(o.Spec.At("selector")).Where(w => !w.PortNames.Contains(port))) yield return $"{o}: {pod} has no port '{port}'";
                }
            }

            foreach ((IEnumerable<YamlNode> peers, IEnumerable<YamlNode> ports, bool isIngress) in o.Kind == "NetworkPolicy" ? Rules(o) : [])
            {
                KubeObject[] targets = [.. isIngress ? set.Select(o.Spec.At("podSelector")) : peers.SelectMany(p => set.Select(p.At("podSelector"))).Distinct()];
                foreach (string port in ports.Select(p => p.Text("port")!).Where(p => !int.TryParse(p, out _)))
                {
                    if (!targets.Any(t => t.PortNames.Contains(port))) yield return $"{o}: no pod has the port '{port}'";
                }
            }

            foreach (YamlNode container in o.Containers)
            {
                IEnumerable<string?> probes = ((string[])["startupProbe", "readinessProbe", "livenessProbe"]).Select(p => container.Text(p, "httpGet", "port"));
                foreach (string? port in probes.Where(p => p is not null && !o.PortNames.Contains(p))) yield return $"{o}: a probe asks the port '{port}'";
            }
        }
    }

    private static IEnumerable<string> NamedObjects(KubeSet set)
    {
        foreach (KubeObject o in set.Workloads)
        {
            if (!set.Has("ServiceAccount", o.Pod.Text("serviceAccountName"))) yield return $"{o} runs as nobody that is made";
            if (o.Kind == "StatefulSet" && !set.Objects.Any(s => s.Kind == "Service" && s.Name == o.Spec.Text("serviceName") && s.Spec.Has("selector") && KubeSet.Matches(s.Spec.At("selector"), o.PodLabels)))
            {
                yield return $"{o}: the service '{o.Spec.Text("serviceName")}' does not select it";
            }

            foreach (string? map in o.Containers.SelectMany(c => c.Items("envFrom")).Select(e => e.Text("configMapRef", "name")).Where(m => !set.Has("ConfigMap", m))) yield return $"{o}: no config map '{map}'";
            foreach (string? claim in o.Pod.Items("volumes").Select(v => v.Text("persistentVolumeClaim", "claimName")).Where(c => c is not null && !set.Has("PersistentVolumeClaim", c))) yield return $"{o}: no claim '{claim}'";
        }
    }

    /// <summary>Secrets are not in the repository: the guide tells how each key of each is made.</summary>
    private static IEnumerable<string> Secrets(KubeSet set, string guide)
    {
        IEnumerable<YamlNode> references = set.Workloads.SelectMany(w => w.Containers).SelectMany(c => c.Items("env")).Select(e => e.At("valueFrom", "secretKeyRef")).OfType<YamlNode>();
        foreach ((string name, string key) in references.Select(r => (r.Text("name")!, r.Text("key")!)).Distinct())
        {
            bool isMade = SecretCommand().Matches(guide).Any(m => m.Groups["name"].Value == name && m.Value.Contains($"--from-literal={key}=", StringComparison.Ordinal));
            if (!isMade) yield return $"the guide does not say how to make the key '{key}' of the secret '{name}'";
        }
    }

    private static IEnumerable<string> Volumes(KubeSet set)
    {
        foreach (KubeObject o in set.Workloads)
        {
            string[] there = [.. o.Pod.Items("volumes").Select(v => v.Text("name")!), .. o.Spec.Items("volumeClaimTemplates").Select(v => v.Text("metadata", "name")!)];
            string[] used = [.. o.Containers.SelectMany(c => c.Items("volumeMounts")).Select(m => m.Text("name")!).Distinct()];
            foreach (string volume in used.Except(there)) yield return $"{o} mounts '{volume}', which it has not";
            foreach (string volume in there.Except(used)) yield return $"{o} has the volume '{volume}' and does not mount it";
        }
    }

    private static IEnumerable<string> Scaling(KubeSet set)
    {
        foreach (KubeObject scaler in set.Objects.Where(o => o.Kind == "HorizontalPodAutoscaler"))
        {
            KubeObject? target = set.Objects.FirstOrDefault(o => o.Kind == scaler.Spec.Text("scaleTargetRef", "kind") && o.Name == scaler.Spec.Text("scaleTargetRef", "name"));
            if (target is null) yield return $"{scaler} scales what is not there";
            if (target?.Spec.Has("replicas") == true) yield return $"{target} has a number of replicas, which each apply would set back";
        }
    }

    private static IEnumerable<string> Names(KubeSet set)
    {
        foreach (KubeObject o in set.Objects.Where(o => o.Kind != "Namespace" && o.Namespace != "latentdb")) yield return $"{o} is in the namespace '{o.Namespace}'";
        foreach (IGrouping<string, KubeObject> twice in set.Objects.GroupBy(o => o.ToString()).Where(g => g.Count() > 1)) yield return $"{twice.Key} is there twice";
    }

    private static IEnumerable<(IEnumerable<YamlNode> Peers, IEnumerable<YamlNode> Ports, bool IsIngress)> Rules(KubeObject policy) =>
        policy.Spec.Items("ingress").Select(r => (r.Items("from"), r.Items("ports"), true)).Concat(policy.Spec.Items("egress").Select(r => (r.Items("to"), r.Items("ports"), false)));

    [GeneratedRegex(@"kubectl [^\n]*create secret generic (?<name>\S+)(?: ?\\\n[^\n\\]*)*")]
    private static partial Regex SecretCommand();
}
