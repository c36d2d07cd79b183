using System.Diagnostics;
using LatentDb.Testing;

namespace LatentDb.Architecture.Kubernetes;

/// <summary>Holds manifests against the types that are made from Kubernetes' own API description, by the TypeScript compiler.</summary>
internal static class SchemaCheck
{
    public const string Folder = "tests/Architecture/Kubernetes/schemas";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>What does not fit, or nothing.</summary>
    public static string Run(params string[] files)
    {
        string script = RepositoryFiles.Combine("tests", "Architecture", "Kubernetes", "schemas", "check.mjs");
        using Process process = Process.Start(new ProcessStartInfo("node", [script, .. files]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(Limit));
        return output;
    }
}

/// <summary>Skipped, with the reason, without a way to render the manifests or without the types.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SchemaFactAttribute : FactAttribute
{
    public SchemaFactAttribute() => Skip = Kustomize.Reason ?? new RequiresNodePackageFactAttribute(SchemaCheck.Folder, "kubernetes-types").Skip;
}
