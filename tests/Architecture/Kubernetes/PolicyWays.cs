namespace LatentDb.Architecture.Kubernetes;

/// <summary>Which ports the network policies leave open from one workload's pods to another's.</summary>
internal static class PolicyWays
{
    /// <param name="set">All objects.</param>
    /// <param name="from">Who calls.</param>
    /// <param name="to">Who is called.</param>
    /// <param name="isEgress">True: as far as the caller's side is concerned; false: the other one's.</param>
    public static IEnumerable<string> Between(KubeSet set, KubeObject from, KubeObject to, bool isEgress)
    {
        (KubeObject self, KubeObject peer, string rules, string peers) = isEgress ? (from, to, "egress", "to") : (to, from, "ingress", "from");
        return set.Objects
            .Where(o => o.Kind == "NetworkPolicy" && KubeSet.Matches(o.Spec.At("podSelector"), self.PodLabels))
            .SelectMany(o => o.Spec.Items(rules))
            .Where(rule => rule.Items(peers).Any(p => p.Has("podSelector") && !p.Has("namespaceSelector") && KubeSet.Matches(p.At("podSelector"), peer.PodLabels)))
            .SelectMany(rule => rule.Items("ports"))
            .Select(port => Number(to, port.Text("port")!))
            .OfType<string>()
            .Distinct();
    }

    /// <summary>The port by number; null when the pod has none of that name.</summary>
    private static string? Number(KubeObject pod, string port) => int.TryParse(port, out _)
        ? port
        : pod.Containers.SelectMany(c => c.Items("ports")).Where(p => p.Text("name") == port).Select(p => p.Text("containerPort")).FirstOrDefault();
}
