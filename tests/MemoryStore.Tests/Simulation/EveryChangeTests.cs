using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Tests.Support;
using Xunit.Abstractions;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>A fault at the first change that a scenario makes on the disk, then at the second, and so on until it passes without meeting the fault.</summary>
public sealed class EveryChangeTests(ITestOutputHelper output) : IDisposable
{
    private const int CutsPerChange = 4;
    private const int MaxChanges = 500;

    private readonly SimulatedStore _store = new();

    public static TheoryData<string> Scenarios => [.. SimulatedScenario.Names];

    public static TheoryData<string, bool> ScenariosWithFaults
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (string name in SimulatedScenario.Names)
            {
                data.Add(name, true);
                data.Add(name, false);
            }

            return data;
        }
    }

    public void Dispose() => _store.Dispose();

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task A_power_cut_at_any_change_loses_nothing_acknowledged(string name)
    {
        SimulatedScenario scenario = await SimulatedScenario.PrepareAsync(_store, name);
        int change = 0;
        for (bool isCut = true; isCut; change++)
        {
            Assert.True(change < MaxChanges, $"{change} changes");
            isCut = false;
            for (int seed = 0; seed < CutsPerChange; seed++)
            {
                SimulatedRun run = scenario.Begin(seed);
                Exception? error = await RunAsync(scenario, run, () => run.Disk.CutAt = run.Disk.Changes + change);
                isCut |= run.Disk.IsOff;
                Assert.True(error is null || run.Disk.IsOff, $"change {change}: {error}");
                await run.CheckReopenedAsync(seed % 2 == 0 ? run.Disk.AfterPowerCut(seed) : run.Disk.AfterKill(), seed);
            }
        }

        output.WriteLine($"{name}: {change} changes");
    }

    [Theory]
    [MemberData(nameof(ScenariosWithFaults))]
    public async Task A_full_disk_at_any_change_is_told_and_harms_nothing(string name, bool isLasting) =>
        await FailAtEveryChangeAsync(name, DiskFaults.NoSpaceErrno, DiskChange.Write | DiskChange.Create, isLasting, ErrorCode.StoreFull);

    [Theory]
    [MemberData(nameof(ScenariosWithFaults))]
    public async Task A_failed_write_or_sync_at_any_change_is_told_and_harms_nothing(string name, bool isLasting) =>
        await FailAtEveryChangeAsync(name, DiskFaults.IoErrno, DiskChange.All, isLasting, ErrorCode.StoreUnavailable);

    private async Task FailAtEveryChangeAsync(string name, int errno, DiskChange kinds, bool isLasting, ErrorCode expected)
    {
        SimulatedScenario scenario = await SimulatedScenario.PrepareAsync(_store, name);
        int change = 0;
        for (bool isMet = true; isMet; change++)
        {
            Assert.True(change < MaxChanges, $"{change} changes");
            SimulatedRun run = scenario.Begin(change);
            DiskFaults faults = run.Disk.Faults;
            (faults.Errno, faults.FailingKinds, faults.IsLasting, faults.WritesShort) = (errno, kinds, isLasting, change % 2 == 0);
            Exception? error = await RunAsync(scenario, run, () => faults.FailAt = faults.Seen + change, open => CheckReadsAsync(run, open));
            isMet = faults.Seen > faults.FailAt;
            Assert.True(error is null || (error as LatentDbException)?.Code == expected, $"change {change}: {error}");
            Assert.True(error is null || isMet, $"change {change}: {error}");
            SimulatedDisk left = run.Disk.AfterKill();
            await run.CheckReopenedAsync(left, change);
        }

        output.WriteLine($"{name}: {change} changes");
    }

    private static async Task<Exception?> RunAsync(SimulatedScenario scenario, SimulatedRun run, Action arm, Func<OpenStore, Task>? afterwards = null)
    {
        if (scenario.IsOpening) arm();
        OpenStore open;
        try
        {
            open = await run.OpenAsync();
        }
        catch (Exception e) when (scenario.IsOpening && e is LatentDbException or IOException)
        {
            return e;
        }

        await using (open)
        {
            if (!scenario.IsOpening) arm();
            Exception? error = await Record.ExceptionAsync(() => run.ActAsync(open));
            if (afterwards is not null) await afterwards(open);
            return error;
        }
    }

    /// <summary>Whatever happened to the writes, what was acknowledged can still be read; and a write that is taken is taken for good.</summary>
    private static async Task CheckReadsAsync(SimulatedRun run, OpenStore open)
    {
        await run.Writer.CheckKnownAsync(open.Catalog);
        await run.Writer.WriteAsync(open.Catalog, operations: 3);
    }
}
