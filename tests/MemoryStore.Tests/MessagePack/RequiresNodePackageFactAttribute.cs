using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.MessagePack;

/// <summary>A test that needs node and a package beside it; without them the test is reported as skipped, with the command that brings them.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresNodePackageFactAttribute : FactAttribute
{
    public RequiresNodePackageFactAttribute(string package)
    {
        Package = package;
        bool hasNode = new RequiresCommandFactAttribute("node").Skip is null;
        if (!hasNode) Skip = "'node' is not on PATH; .ci/run installs it.";
        else if (!Directory.Exists(Path.Combine(PeersFolder, "node_modules", package))) Skip = $"The package '{package}' is missing; run 'npm ci' in {PeersFolder}, as .ci/run does.";
    }

    public string Package { get; }

    internal static string PeersFolder => RepositoryFiles.Combine("tests", "MemoryStore.Tests", "MessagePack", "peers");
}
