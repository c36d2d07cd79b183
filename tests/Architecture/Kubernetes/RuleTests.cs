using LatentDb.Testing;

namespace LatentDb.Architecture.Kubernetes;

/// <summary>Manifests that are wrong on purpose: a rule that finds none of it would be no rule.</summary>
public sealed class RuleTests
{
    private static readonly string Guide = File.ReadAllText(RepositoryFiles.Combine("docs", "operations", "kubernetes.md"));

    [OverlayTheory]
    [InlineData("serviceAccountName: latentdb", "serviceAccountName: default", "runs as nobody")]
    [InlineData("claimName: latentdb-data", "claimName: latentdb-date", "no claim")]
    [InlineData("key: master-key", "key: mister-key", "the guide does not say")]
    [InlineData("targetPort: http", "targetPort: https", "has no port 'https'")]
    [InlineData("port: silo", "port: sila", "no pod has the port 'sila'")]
    [InlineData("app.kubernetes.io/component: store\n      app.kubernetes.io/name: latentdb\n  serviceName", "app.kubernetes.io/component: shop\n      app.kubernetes.io/name: latentdb\n  serviceName", "does not select its own pods")]
    [InlineData("mountPath: /data\n          name: data", "mountPath: /data\n          name: date", "which it has not")]
    [InlineData("configMapRef:\n            name: latentdb-cluster", "configMapRef:\n            name: latentdb-clusters", "no config map")]
    [InlineData("kind: Deployment\n    name: latentdb-model", "kind: Deployment\n    name: latentdb-models", "scales what is not there")]
    public void Something_that_is_not_there_is_missed(string right, string wrong, string expected) =>
        Assert.Contains(ReferenceRules.Check(Broken(right, wrong), Guide), problem => problem.Contains(expected, StringComparison.Ordinal));

    [OverlayTheory]
    [InlineData("runAsNonRoot: true", "runAsNonRoot: false", "may run as root")]
    [InlineData("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "may write its image")]
    [InlineData("- ALL", "- CHOWN", "keeps capabilities")]
    [InlineData("automountServiceAccountToken: false\n      containers", "automountServiceAccountToken: true\n      containers", "gets a token")]
    [InlineData("path: /readyz", "path: /ready", "which is no route")]
    [InlineData("LATENTDB__DRAINSECONDS: \"60\"", "LATENTDB__DRAINSECONDS: \"120\"", "is killed before it has drained")]
    [InlineData("LATENTDB__DATA: /data", "LATENTDB__DATUM: /data", "which is no option")]
    [InlineData("image: latentdb:0.1.0", "image: latentdb:latest", "whatever that is today")]
    [InlineData("sizeLimit: 256Mi", "medium: Memory", "may fill its node")]
    [InlineData("memory: 2Gi", "memory: 3Gi", "may be ended for memory")]
    public void A_pod_that_is_not_as_it_must_be_is_found(string right, string wrong, string expected) =>
        Assert.Contains(PodRules.Check(Broken(right, wrong), SiloFacts.Read()), problem => problem.Contains(expected, StringComparison.Ordinal));

    private static KubeSet Broken(string right, string wrong)
    {
        string text = Kustomize.Render("overlays/cluster-cpu");
        int at = text.IndexOf(right, StringComparison.Ordinal);
        Assert.True(at >= 0, $"the manifests have no '{right}' to break");
        return KubeSet.Parse(text[..at] + wrong + text[(at + right.Length)..]);
    }
}
