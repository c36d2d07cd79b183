using LatentDb.Testing;

namespace LatentDb.Architecture.Kubernetes;

/// <summary>The manifests as they would reach a cluster, held against themselves, against the server's source and against the guide.</summary>
public sealed class ManifestTests
{
    private static readonly string Guide = File.ReadAllText(RepositoryFiles.Combine("docs", "operations", "kubernetes.md"));

    private static readonly SiloFacts Facts = SiloFacts.Read();

    public static TheoryData<string> Overlays => [.. OverlayNames()];

    [OverlayTheory]
    [MemberData(nameof(Overlays))]
    public void What_one_object_says_of_another_is_so(string overlay) => Assert.Empty(ReferenceRules.Check(Kustomize.Load(overlay), Guide));

    [OverlayTheory]
    [MemberData(nameof(Overlays))]
    public void Every_pod_is_restricted_stops_in_time_and_sets_options_that_exist(string overlay) => Assert.Empty(PodRules.Check(Kustomize.Load(overlay), Facts));

    [OverlayTheory]
    [MemberData(nameof(Overlays))]
    public void Nobody_reaches_a_pod_but_as_a_policy_says(string overlay)
    {
        KubeSet set = Kustomize.Load(overlay);

        KubeObject deny = Assert.Single(set.Objects, o => o.Kind == "NetworkPolicy" && !o.Spec.Has("ingress") && !o.Spec.Has("egress"));
        Assert.Empty(deny.Spec.Pairs("podSelector"));
        Assert.Equal(["Ingress", "Egress"], deny.Spec.Items("policyTypes").Select(t => t.Text()));
        Assert.All(set.Objects.Where(o => o.Kind == "NetworkPolicy" && o != deny), o => Assert.NotEmpty(o.Spec.Items("policyTypes")));
    }

    [OverlayTheory]
    [MemberData(nameof(Overlays))]
    public void A_pod_may_go_only_where_its_neighbour_lets_it_in(string overlay)
    {
        KubeSet set = Kustomize.Load(overlay);
        foreach (KubeObject from in set.Workloads)
        {
            foreach (KubeObject to in set.Workloads.Where(to => PolicyWays.Between(set, from, to, isEgress: true).Any()))
            {
                string[] leaving = [.. PolicyWays.Between(set, from, to, isEgress: true)];
                string[] entering = [.. PolicyWays.Between(set, from, to, isEgress: false)];

                Assert.True(leaving.Intersect(entering).Any(), $"{from} may leave for {to} on {string.Join(',', leaving)}, which takes {string.Join(',', entering)} from it");
            }
        }
    }

    [OverlayTheory]
    [InlineData("single-node", "        - ReadWriteOncePod", "kind: StatefulSet")]
    [InlineData("cluster-cpu", "  - ReadWriteMany", "kind: PersistentVolumeClaim")]
    [InlineData("cluster-gpu", "  - ReadWriteMany", "kind: PersistentVolumeClaim")]
    public void The_data_may_be_mounted_by_as_many_pods_as_write_it(string overlay, string mode, string owner)
    {
        string[] documents = Kustomize.Render($"overlays/{overlay}").Split("\n---\n");

        Assert.Contains(documents, d => d.Contains(owner, StringComparison.Ordinal) && d.Contains(mode.TrimStart(), StringComparison.Ordinal));
    }

    [OverlayTheory]
    [InlineData("cluster-gpu")]
    public void The_job_that_restores_reads_the_claims_that_the_owners_of_shards_write(string overlay)
    {
        KubeSet set = Kustomize.Load(overlay);
        KubeSet job = KubeSet.Parse(Kustomize.Render("restore"));

        KubeObject restore = Assert.Single(job.Workloads);
        KubeObject store = Assert.Single(set.Workloads, o => o.Kind == "StatefulSet");
        Assert.Empty(PodRules.Check(job, Facts));
        Assert.Equal(Mounts(store), Mounts(restore));
        Assert.Equal(Places(set, store), Places(job, restore));
        Assert.All(Mounts(restore), mount => Assert.True(mount.Claim is null || set.Has("PersistentVolumeClaim", mount.Claim), mount.Claim));
    }

    [Fact]
    public void The_autoscaler_asks_for_a_metric_that_servers_tell_and_the_adapter_passes_on()
    {
        string metric = YamlTree.Parse(File.ReadAllText(RepositoryFiles.Combine("k8s", "cluster", "autoscaler.yaml")))[0].Items("spec", "metrics").Single().Text("pods", "metric", "name")!;

        string adapter = File.ReadAllText(RepositoryFiles.Combine("k8s", "observability", "prometheus-adapter.yaml"));
        string telemetry = File.ReadAllText(RepositoryFiles.Combine("src", "ModelHost", "Telemetry", "ModelTelemetry.cs"));

        Assert.Contains($"'{metric}{{", adapter, StringComparison.Ordinal);
        Assert.Contains($"CreateObservableGauge(\"{metric.Replace('_', '.')}\"", telemetry, StringComparison.Ordinal);
    }

    [SchemaFact]
    public void Every_object_has_the_shape_that_Kubernetes_publishes()
    {
        using var folder = new TempFolder();
        string[] files = [.. OverlayNames().Select(overlay => Path.Combine(folder.Path, overlay + ".yaml"))];
        foreach (string file in files) File.WriteAllText(file, Kustomize.Render($"overlays/{Path.GetFileNameWithoutExtension(file)}"));
        files = [.. files, Path.Combine(folder.Path, "restore-job.yaml")];
        File.WriteAllText(files[^1], Kustomize.Render("restore"));

        Assert.Equal(string.Empty, SchemaCheck.Run(files));
    }

    [SchemaFact]
    public void A_field_that_Kubernetes_does_not_know_is_found()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "wrong.yaml");
        File.WriteAllText(file, Kustomize.Render("base").Replace("podSelector:", "podSelectors:", StringComparison.Ordinal));

        Assert.Contains("podSelectors", SchemaCheck.Run(file), StringComparison.Ordinal);
    }

    private static (string? Path, string? Claim)[] Mounts(KubeObject pod) =>
        [.. pod.Containers.Single().Items("volumeMounts").Select(mount => (mount.Text("mountPath"), ClaimOf(pod, mount.Text("name")))).Order()];

    private static string? ClaimOf(KubeObject pod, string? volume) => pod.Pod.Items("volumes").Single(v => v.Text("name") == volume).Text("persistentVolumeClaim", "claimName");

    private static KeyValuePair<string, string?>[] Places(KubeSet set, KubeObject pod) =>
        [.. set.Environment(pod.Containers.Single()).Where(v => v.Key.StartsWith(SiloFacts.Prefix + "BACKUP", StringComparison.Ordinal)).OrderBy(v => v.Key, StringComparer.Ordinal)];

    private static IEnumerable<string> OverlayNames() =>
        Directory.EnumerateDirectories(RepositoryFiles.Combine("k8s", "overlays")).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal);
}
