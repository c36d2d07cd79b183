using LatentDb.Testing;

namespace LatentDb.Browser.Support;

/// <summary>A test that needs Chromium, and perhaps the rules of axe-core; without them it is reported as skipped, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresChromiumFactAttribute : FactAttribute
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private bool _axe;

    public RequiresChromiumFactAttribute()
    {
        if (Program is null) Skip = "There is no Chromium on PATH; .ci/run installs it.";
    }

    /// <summary>The first Chromium on PATH; null if there is none.</summary>
    public static string? Program { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);

    /// <summary>The rules, as one script.</summary>
    public static string AxeScript { get; } = RepositoryFiles.Combine("tests", "Browser", "axe", "node_modules", "axe-core", "axe.min.js");

    /// <summary>True: axe-core is needed too.</summary>
    public bool Axe
    {
        get => _axe;
        set
        {
            _axe = value;
            if (value && !File.Exists(AxeScript)) Skip ??= "axe-core is not installed; .ci/run does it with npm ci.";
        }
    }
}
