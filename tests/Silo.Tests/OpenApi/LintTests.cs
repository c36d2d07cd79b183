using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.OpenApi;

/// <summary>The OpenAPI document keeps the rules of redocly.yaml; among them: every example fits its schema.</summary>
public sealed class LintTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string Folder = "tests/Silo.Tests/OpenApi";
    private const string Linter = "@redocly/cli";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [RequiresNodePackageFact(Folder, Linter)]
    public async Task The_linter_finds_nothing()
    {
        using var folder = new TempFolder();
        string document = Path.Combine(folder.Path, "openapi.json");
        await File.WriteAllTextAsync(document, (await fixture.Silo.GetAsync("/openapi/v1.json")).Require(200).Text);

        string output = await LintAsync(document);

        Assert.Contains("Your API description is valid", output, StringComparison.Ordinal);
    }

    /// <summary>Its output; fails when the linter does. It is told to call nobody.</summary>
    private static Task<string> LintAsync(string document)
    {
        string program = RepositoryFiles.Combine(Folder, "node_modules", Linter, "bin", "cli.js");
        string rules = RepositoryFiles.Combine(Folder, "redocly.yaml");
        return Shell.RunAsync($"REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true node '{program}' lint '{document}' --config '{rules}' --max-problems 20 2>&1").WaitAsync(Limit);
    }
}
