using System.Text.RegularExpressions;
using LatentDb.Testing;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace LatentDb.Architecture.Kubernetes;

/// <summary>What the server's source says of itself, to compare manifests with.</summary>
/// <param name="Options">Names of its options, in capitals.</param>
/// <param name="Routes">Routes that need no key.</param>
internal sealed partial record SiloFacts(IReadOnlySet<string> Options, IReadOnlySet<string> Routes)
{
    /// <summary>Before the name of an option in the environment.</summary>
    public const string Prefix = "LATENTDB__";

    /// <summary>Options that come from secrets only: in capitals.</summary>
    public static IReadOnlySet<string> Secrets { get; } = new HashSet<string>(StringComparer.Ordinal) { "ADMINKEY", "CLUSTERKEY", "CLUSTERDATABASE" };

    public static SiloFacts Read()
    {
        IEnumerable<string> options = SourceProject.Load("Silo").Files
            .SelectMany(f => f.Tree.GetRoot().DescendantNodes().OfType<ClassDeclarationSyntax>())
            .Where(c => c.Identifier.Text == "SiloOptions")
            .SelectMany(c => c.Members.OfType<PropertyDeclarationSyntax>())
            .Where(p => p.AccessorList?.Accessors.Count == 2)
            .Select(p => p.Identifier.Text.ToUpperInvariant());
        string health = File.ReadAllText(RepositoryFiles.Combine("src", "Silo", "Health", "HealthRoutes.cs"));
        return new SiloFacts(options.ToHashSet(StringComparer.Ordinal), Route().Matches(health).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal));
    }

    [GeneratedRegex("MapGet\\(\"([^\"]+)\"")]
    private static partial Regex Route();
}
