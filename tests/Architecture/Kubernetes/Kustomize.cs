using System.Collections.Concurrent;
using System.Diagnostics;
using LatentDb.Testing;

namespace LatentDb.Architecture.Kubernetes;

/// <summary>The manifests as `kubectl kustomize` renders them; each folder once per run.</summary>
internal static class Kustomize
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private static readonly Lazy<string?> Missing = new(WhyNot);

    private static readonly ConcurrentDictionary<string, Lazy<string>> Rendered = new(StringComparer.Ordinal);

    /// <summary>Null, or why it cannot be used here.</summary>
    public static string? Reason => Missing.Value;

    public static string Render(string folder) => Rendered.GetOrAdd(folder, name => new Lazy<string>(() => Run("kustomize", RepositoryFiles.Combine("k8s", name)))).Value;

    public static KubeSet Load(string overlay) => KubeSet.Parse(Render($"overlays/{overlay}"));

    private static string? WhyNot()
    {
        if (new RequiresCommandFactAttribute("kubectl").Skip is string missing) return missing;
        try
        {
            Render("base");
            return null;
        }
        catch (InvalidOperationException)
        {
            // Debian 12 has kubectl 1.20, whose kustomize knows neither folders as resources nor components.
            return "This kubectl is too old to render the manifests: 1.22 or later is needed.";
        }
    }

    private static string Run(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("kubectl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        string output = process.StandardOutput.ReadToEnd();
        string error = process.StandardError.ReadToEnd();
        if (!process.WaitForExit(Limit) || process.ExitCode != 0) throw new InvalidOperationException($"kubectl {string.Join(' ', arguments)} failed: {error}");
        return output;
    }
}

/// <summary>A test for each overlay; skipped, with the reason, where they cannot be rendered.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OverlayTheoryAttribute : TheoryAttribute
{
    public OverlayTheoryAttribute() => Skip = Kustomize.Reason;
}
