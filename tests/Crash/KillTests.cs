using System.Diagnostics;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.Crash;

/// <summary>A real process, killed without warning while it writes; what it acknowledged must be there, bit for bit.</summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>A fault that strikes once in 66 kills is seen with 60 % in 60; LATENTDB_KILLS raises the number (1000 for a night).</summary>
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("LATENTDB_KILLS"), out int kills) ? kills : 60;

    private readonly TempFolder _folder = new();
    private readonly Acknowledgements _acknowledged = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_at_random_moments_the_store_keeps_what_was_acknowledged_and_nothing_that_was_erased()
    {
        var random = new Random(20260131);
        for (int round = 0; round < Kills; round++)
        {
            // One in five dies while it opens the store.
            bool isOpening = random.Next(5) == 0;
            await RunAndKillAsync(round, lines: isOpening ? 0 : random.Next(1, 60), spins: random.Next(0, isOpening ? 3_000_000 : 200_000));
            await _acknowledged.CheckAsync(_folder.Path, $"round {round}", everything: round % 10 == 9);
        }

        output.WriteLine($"{Kills} kills: {_acknowledged.Count} versions acknowledged, {_acknowledged.Forks} of them forks, {_acknowledged.Erased} memories erased, "
            + $"{_acknowledged.SegmentsDeleted} segments deleted and {_acknowledged.Dropped} acknowledged versions dropped by compaction");
        Assert.NotEqual(0, _acknowledged.Dropped);
        Assert.True(_acknowledged.Count > Kills, $"only {_acknowledged.Count} versions were acknowledged");
    }

    /// <summary>Kills the child after it has printed some lines and a little more time has passed, so that it dies at any step of its work.</summary>
    private async Task RunAndKillAsync(int seed, int lines, int spins)
    {
        string program = typeof(KillTests).Assembly.Location;
        using Process child = Process.Start(new ProcessStartInfo("dotnet", [program, _folder.Path, seed.ToString(), .. _acknowledged.OpenInjects]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        try
        {
            for (int i = 0; i <= lines; i++)
            {
                string line = await child.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"The child of round {seed} ended by itself.");
                _acknowledged.Note(line);
            }

            Thread.SpinWait(spins);
        }
        finally
        {
            child.Kill();
        }

        // What it had printed before it died counts as well; the last line may be cut.
        while (await child.StandardOutput.ReadLineAsync() is string line) _acknowledged.Note(line);
        await child.WaitForExitAsync();
    }
}
