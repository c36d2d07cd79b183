using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>One random history: open, check, write, power cut or killed process, several times; then a last opening that must find everything and take writes.</summary>
internal static class PowerCutHistory
{
    private const int Writers = 3;

    // Opening two shards takes some 60 changes: a quarter of the cuts falls there, the others into the writing.
    private const int ChangesOfOpening = 80;
    private const int ChangesOfWriting = 500;

    /// <param name="store">Where the locks are.</param>
    /// <param name="settings">What the store is opened with on a disk.</param>
    /// <param name="seed">Everything is drawn from it.</param>
    /// <param name="cuts">How often the power goes.</param>
    /// <param name="prepare">Faults that each new disk begins with, if any.</param>
    /// <returns>Operations that were acknowledged.</returns>
    public static async Task<long> RunAsync(
        SimulatedStore store, Func<IDisk, ShardSettings> settings, int seed, int cuts, Action<SimulatedDisk>? prepare = null)
    {
        var random = new Random(seed);
        var model = new TestModel(width: 8 << random.Next(7));
        SimulatedWriter[] writers = [.. Enumerable.Range(0, Writers).Select(i => new SimulatedWriter(model, $"m{i}", (seed * 31) + i))];
        var disk = new SimulatedDisk();
        for (int cut = 0; cut < cuts; cut++)
        {
            prepare?.Invoke(disk);
            disk.CutAt = disk.Changes + random.Next(random.Next(4) == 0 ? ChangesOfOpening : ChangesOfWriting);
            await RunUntilCutAsync(store, settings(disk), disk, writers);
            disk = random.Next(3) == 0 ? disk.AfterKill() : disk.AfterPowerCut(random.Next());
        }

        for (int opening = 0; opening < 2; opening++)
        {
            await using OpenStore last = await store.OpenAsync(disk, settings(disk));
            foreach (SimulatedWriter writer in writers)
            {
                await writer.CheckAsync(last.Catalog).WaitAsync(SimulatedStore.Patience);
                await writer.StepAsync(last.Catalog).WaitAsync(SimulatedStore.Patience);
                await writer.CheckAsync(last.Catalog).WaitAsync(SimulatedStore.Patience);
            }

            await StoreContent.CheckUsageAsync(last.Catalog);
        }

        return writers.Sum(w => (long)w.Acknowledged);
    }

    private static async Task RunUntilCutAsync(SimulatedStore store, ShardSettings settings, SimulatedDisk disk, SimulatedWriter[] writers)
    {
        OpenStore open;
        try
        {
            open = await store.OpenAsync(disk, settings);
        }
        catch (Exception e) when (disk.IsOff && e is LatentDbException or IOException)
        {
            return;
        }

        await using (open)
        {
            foreach (SimulatedWriter writer in writers)
            {
                try
                {
                    await writer.CheckAsync(open.Catalog).WaitAsync(SimulatedStore.Patience);
                }
                catch (Exception e) when (disk.IsOff && e is LatentDbException or IOException)
                {
                    return;
                }
            }

            LatentDbException?[] refusals = await Task.WhenAll(writers.Select(w => Task.Run(() => w.WriteAsync(open.Catalog, int.MaxValue)))).WaitAsync(SimulatedStore.Patience);
            foreach (LatentDbException? refusal in refusals)
            {
                if (refusal?.Code != ErrorCode.StoreUnavailable) throw new InvalidOperationException($"A write ended with {refusal?.Code}: {refusal?.Message}", refusal);
            }
        }
    }
}
