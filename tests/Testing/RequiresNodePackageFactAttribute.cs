using Xunit;

namespace LatentDb.Testing;

/// <summary>A test that needs node and a package in a folder of the checkout; without them the test is reported as skipped, with the command that brings them.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresNodePackageFactAttribute : FactAttribute
{
    /// <param name="folder">Holds package.json; relative to the checkout.</param>
    /// <param name="package">Its name on npm.</param>
    public RequiresNodePackageFactAttribute(string folder, string package)
    {
        Folder = folder;
        Package = package;
        if (new RequiresCommandFactAttribute("node").Skip is not null) Skip = "'node' is not on PATH; .ci/run installs it.";
        else if (!Directory.Exists(RepositoryFiles.Combine(folder, "node_modules", package))) Skip = $"The package '{package}' is missing; run 'npm ci' in {folder}, as .ci/run does.";
    }

    public string Folder { get; }

    public string Package { get; }
}
