using System.Globalization;
using Xunit.Abstractions;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>
/// The whole store on a disk whose power goes at a random write, sync or name, several times in a row, also while it opens: every acknowledged
/// operation is there bit for bit, the unanswered one whole or not at all, and nothing hangs.
/// </summary>
/// <remarks>
/// LATENTDB_LONG=1 runs 10,000 seeds, LATENTDB_SEED=n only that one. The store has threads of its own, so a seed gives the same plan and the same
/// dice, not the same interleaving; run it a few times.
/// </remarks>
public sealed class PowerCutTests(ITestOutputHelper output)
{
    private const int CutsPerSeed = 3;

    [Fact]
    public async Task After_power_cuts_every_acknowledged_operation_is_there_bit_for_bit()
    {
        int seeds = Environment.GetEnvironmentVariable("LATENTDB_LONG") == "1" ? 10_000 : 300;
        int? only = int.TryParse(Environment.GetEnvironmentVariable("LATENTDB_SEED"), CultureInfo.InvariantCulture, out int value) ? value : null;
        using var store = new SimulatedStore();
        long acknowledged = 0;
        long started = TimeProvider.System.GetTimestamp();
        for (int seed = only ?? 0; seed < (only + 1 ?? seeds); seed++)
        {
            try
            {
                acknowledged += await PowerCutHistory.RunAsync(store, SimulatedStore.Settings, seed, CutsPerSeed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(
                    $"Seed {seed}: {e.Message} Replay: LATENTDB_SEED={seed} dotnet test tests/MemoryStore.Tests --filter {nameof(PowerCutTests)}", e);
            }
        }

        double seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        output.WriteLine($"{seeds * CutsPerSeed} cuts in {seconds:0.0} s, {seeds * CutsPerSeed / seconds:0} a second; {acknowledged} operations were acknowledged.");
        Assert.True(only is not null || acknowledged > seeds, $"{acknowledged} operations");
    }
}
