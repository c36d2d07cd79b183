using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace LatentDb.Architecture.Kubernetes;

/// <summary>What every pod must be, whoever else runs on its node. Each rule answers with what is wrong.</summary>
internal static class PodRules
{
    /// <summary>What the server adds to its drain before it ends by force; then it still closes the store.</summary>
    private const int StopSeconds = 10;
    private const int SpareSeconds = 15;

    public static IEnumerable<string> Check(KubeSet set, SiloFacts facts) =>
        set.Workloads.SelectMany(w => (IEnumerable<string>)[.. Restricted(w), .. Resources(w), .. Probes(w, facts), .. Options(set, w, facts), .. Grace(set, w), .. Images(w)]);

    /// <summary>The Pod Security Standard "restricted", and a root file system that nobody writes.</summary>
    private static IEnumerable<string> Restricted(KubeObject o)
    {
        YamlNode? pod = o.Pod.At("securityContext");
        if (pod.Text("runAsNonRoot") != "true" || pod.Text("runAsUser") is null or "0") yield return $"{o} may run as root";
        if (pod.Text("seccompProfile", "type") != "RuntimeDefault") yield return $"{o} may call everything of the kernel";
        if (o.Pod.Text("automountServiceAccountToken") != "false") yield return $"{o} gets a token of the Kubernetes API";
        if (o.Pod.Text("enableServiceLinks") != "false") yield return $"{o} gets variables of all services";
        if (((string[])["hostNetwork", "hostPID", "hostIPC"]).Any(h => o.Pod.Has(h))) yield return $"{o} shares its host's namespaces";
        foreach (YamlNode container in o.Containers)
        {
            YamlNode? context = container.At("securityContext");
            if (context.Text("allowPrivilegeEscalation") != "false") yield return $"{o} may gain rights";
            if (context.Text("readOnlyRootFilesystem") != "true") yield return $"{o} may write its image";
            if (context.Items("capabilities", "drop").All(c => c.Text() != "ALL")) yield return $"{o} keeps capabilities";
        }
    }

    private static IEnumerable<string> Resources(KubeObject o)
    {
        foreach (YamlNode container in o.Containers)
        {
            string? requested = container.Text("resources", "requests", "memory");
            if (requested is null || requested != container.Text("resources", "limits", "memory")) yield return $"{o} may be ended for memory that it was promised";
            if (!container.Has("resources", "requests", "cpu") || container.Has("resources", "limits", "cpu")) yield return $"{o} needs a request and no limit of CPU";
        }

        foreach (YamlNode volume in o.Pod.Items("volumes").Where(v => v.Has("emptyDir") && !v.Has("emptyDir", "sizeLimit"))) yield return $"{o} may fill its node by '{volume.Text("name")}'";
    }

    private static IEnumerable<string> Probes(KubeObject o, SiloFacts facts)
    {
        if (o.Kind == "Job") yield break;
        foreach (YamlNode container in o.Containers)
        {
            foreach (string? path in ((string[])["startupProbe", "readinessProbe", "livenessProbe"]).Select(p => container.Text(p, "httpGet", "path")))
            {
                if (path is not null && !facts.Routes.Contains(path)) yield return $"{o} asks for {path}, which is no route";
            }

            if (!container.Has("readinessProbe") || !container.Has("livenessProbe")) yield return $"{o} is never asked how it is";
            if (o.IsSilo && container.Text("livenessProbe", "httpGet", "path") == "/readyz") yield return $"{o} would be restarted for what it waits for";
        }
    }

    /// <summary>An option that the server does not know stops its start, so it must not come as far as that.</summary>
    private static IEnumerable<string> Options(KubeSet set, KubeObject o, SiloFacts facts)
    {
        foreach (YamlNode container in o.Containers)
        {
            KeyValuePair<string, string?>[] variables = [.. set.Environment(container)];
            foreach (IGrouping<string, KeyValuePair<string, string?>> twice in variables.GroupBy(v => v.Key).Where(g => g.Count() > 1)) yield return $"{o} sets {twice.Key} twice";
            foreach ((string name, string? value) in variables.Where(v => v.Key.StartsWith(SiloFacts.Prefix, StringComparison.Ordinal)))
            {
                string option = name[SiloFacts.Prefix.Length..];
                if (name.Any(char.IsLower) || !facts.Options.Contains(option)) yield return $"{o} sets {name}, which is no option";
                if (SiloFacts.Secrets.Contains(option) && value is not null) yield return $"{o} shows the secret {name}";
            }
        }
    }

    private static IEnumerable<string> Grace(KubeSet set, KubeObject o)
    {
        if (!o.IsSilo) yield break;
        foreach (YamlNode container in o.Containers)
        {
            string? drain = set.Environment(container).FirstOrDefault(v => v.Key == SiloFacts.Prefix + "DRAINSECONDS").Value;
            string? pause = container.Text("lifecycle", "preStop", "sleep", "seconds");
            if (drain is null || pause is null)
            {
                yield return $"{o} does not say how it stops";
                continue;
            }

            if (Number(o.Pod.Text("terminationGracePeriodSeconds")) < Number(pause) + Number(drain) + StopSeconds + SpareSeconds) yield return $"{o} is killed before it has drained";
        }
    }

    private static IEnumerable<string> Images(KubeObject o) =>
        o.Containers.Select(c => c.Text("image") ?? string.Empty).Where(i => !i.Contains(':', StringComparison.Ordinal) || i.EndsWith(":latest", StringComparison.Ordinal)).Select(i => $"{o} runs '{i}', whatever that is today");

    private static int Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : 0;
}
