using System.Diagnostics;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Cli;

/// <summary>Runs the built command line as a process, away from the configuration of whoever runs the tests.</summary>
internal sealed record CommandLine
{
    /// <summary>The program and its first arguments.</summary>
    public IReadOnlyList<string> Program { get; init; } = ["dotnet", BuiltPrograms.Path("Cli")];

    public string? Input { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public static CommandLine Over(RunningSilo silo) => new CommandLine().With("LATENTDB_SERVER", silo.Http.BaseAddress!.ToString());

    public CommandLine With(string variable, string value) =>
        this with { Environment = new Dictionary<string, string>(Environment, StringComparer.Ordinal) { [variable] = value } };

    /// <summary>What it printed; fails the test when it refused.</summary>
    public async Task<string> OkAsync(params string[] arguments)
    {
        Outcome outcome = await RunAsync(arguments);
        Assert.True(outcome.ExitCode == 0, $"{string.Join(' ', arguments)}\n{outcome}");
        return outcome.Output;
    }

    public async Task<Outcome> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Program[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in Program.Skip(1).Concat(arguments)) start.ArgumentList.Add(argument);
        start.Environment["LATENTDB_CONFIG"] = Path.Combine(Path.GetTempPath(), "latentdb-tests-have-no-configuration.json");
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("LATENTDB_API", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        foreach ((string name, string value) in Environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (Input is not null) await process.StandardInput.WriteAsync(Input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return new Outcome(process.ExitCode, await output, await errors);
    }
}

/// <summary>How a process ended and what it said.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Errors);
