using System.Globalization;

namespace LatentDb.Replay;

/// <summary>Replays a case folder or a set of them and says whether every recorded tensor is met.</summary>
internal static class ReplayCommand
{
    private const int FailuresShown = 10;

    /// <returns>0 when everything holds, 1 when something differs or cannot be read.</returns>
    public static async Task<int> RunAsync(string folder, TextWriter output)
    {
        string[] cases;
        try
        {
            cases = CaseFinder.Find(folder);
        }
        catch (InvalidDataException error)
        {
            await output.WriteLineAsync(error.Message);
            return 1;
        }

        int failed = 0;
        foreach (string caseFolder in cases) failed += await RunCaseAsync(caseFolder, output) ? 0 : 1;
        await output.WriteLineAsync($"{cases.Length - failed} of {cases.Length} cases hold.");
        return failed == 0 ? 0 : 1;
    }

    private static async Task<bool> RunCaseAsync(string folder, TextWriter output)
    {
        try
        {
            using var replay = new CaseReplay(folder);
            Comparison comparison = await replay.RunAsync();
            await output.WriteLineAsync($"{replay.Name}: {(comparison.Failures.Count == 0 ? "holds" : "DIFFERS")}");
            foreach ((string kind, KindResult result) in comparison.Kinds)
            {
                string line = string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {kind,-28} {result.Tensors,5} tensors {result.Elements,9} numbers  largest error {result.LargestError:E2}{(result.Exact ? "  exact" : string.Empty)}{(result.Holds ? string.Empty : "  FAILS")}");
                await output.WriteLineAsync(line);
            }

            foreach (string failure in comparison.Failures.Take(FailuresShown)) await output.WriteLineAsync($"  - {failure}");
            return comparison.Failures.Count == 0;
        }
        catch (Exception error) // A folder can be wrong in any way; each is one line and a failed case, so that the others still run.
        {
            await output.WriteLineAsync($"{folder}: {error.Message}");
            return false;
        }
    }
}
