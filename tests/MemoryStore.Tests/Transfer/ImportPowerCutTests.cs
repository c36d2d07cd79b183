using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.MemoryStore.Tests.Support;
using Xunit.Abstractions;

namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>The power goes, or the disk fails, at the first change that an import makes, then at the second, and so on: the memory is whole or it is not there.</summary>
public sealed class ImportPowerCutTests(ITestOutputHelper output) : IAsyncLifetime, IDisposable
{
    private const int CutsPerChange = 3;
    private const int MaxChanges = 500;

    private static readonly MemoryKey Alice = OpenStore.Key("alice");
    private static readonly MemoryKey Copy = OpenStore.Key("copy");

    private readonly SimulatedStore _store = new();
    private SimulatedDisk _prepared = null!;
    private byte[] _archive = null!;
    private List<string> _content = null!;

    /// <summary>A disk with the model and the memory itself, so that the import has a neighbour.</summary>
    public async Task InitializeAsync()
    {
        var disk = new SimulatedDisk();
        await using (var store = new TransferStore(await _store.OpenAsync(disk)))
        {
            await store.CreateAsync(Alice, seed: 3, steps: 12);
            await store.Catalog.EnsureGenesisAsync(Copy, TransferStore.Model.Fingerprint, TransferStore.Model.WriteGenesisAsync, CancellationToken.None);
            _archive = await store.ExportAsync(Alice);
            _content = await store.ReadEverythingAsync(Alice);
        }

        _prepared = disk.Copy();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task A_power_cut_at_any_change_leaves_the_whole_memory_or_none_of_it()
    {
        int change = 0;
        int whole = 0;
        for (bool isCut = true; isCut; change++)
        {
            Assert.True(change < MaxChanges, $"{change} changes");
            isCut = false;
            for (int seed = 0; seed < CutsPerChange; seed++)
            {
                SimulatedDisk disk = _prepared.Copy();
                Exception? error = await ImportAsync(disk, () => disk.CutAt = disk.Changes + change);
                isCut |= disk.IsOff;
                Assert.True(error is null || disk.IsOff, $"change {change}: {error}");
                whole += await CheckAsync(seed % 2 == 0 ? disk.AfterPowerCut(seed) : disk.AfterKill(), isAcknowledged: error is null, $"change {change}, seed {seed}");
            }
        }

        output.WriteLine($"{change} changes, {whole} times the memory was there");
    }

    [Theory]
    [InlineData(DiskFaults.NoSpaceErrno)]
    [InlineData(DiskFaults.IoErrno)]
    public async Task A_disk_that_fails_at_any_change_leaves_the_whole_memory_or_none_of_it(int errno)
    {
        for (int change = 0; change < MaxChanges; change++)
        {
            SimulatedDisk disk = _prepared.Copy();
            (disk.Faults.Errno, disk.Faults.FailingKinds) = (errno, errno == DiskFaults.NoSpaceErrno ? DiskChange.Write | DiskChange.Create : DiskChange.All);
            Exception? error = await ImportAsync(disk, () => disk.Faults.FailAt = disk.Faults.Seen + change);
            bool isMet = disk.Faults.Seen > disk.Faults.FailAt;
            Assert.True(error is null || isMet, $"change {change}: {error}");
            Assert.True(error is null or LatentDbException { Code.Name: "store_full" or "store_unavailable" }, $"change {change}: {error}");
            await CheckAsync(disk.AfterKill(), isAcknowledged: error is null, $"change {change}");
            if (!isMet) return;
        }

        Assert.Fail($"{MaxChanges} changes");
    }

    private async Task<Exception?> ImportAsync(SimulatedDisk disk, Action arm)
    {
        await using var store = new TransferStore(await _store.OpenAsync(disk));
        arm();
        return await Record.ExceptionAsync(() => store.ImportAsync(_archive, Copy).WaitAsync(SimulatedStore.Patience));
    }

    /// <returns>1 when the memory was there.</returns>
    private async Task<int> CheckAsync(SimulatedDisk left, bool isAcknowledged, string where)
    {
        await using var store = new TransferStore(await _store.OpenAsync(left));
        var names = (await store.Catalog.ListAsync(Alice.Tenant, 10, null, CancellationToken.None)).Select(m => m.Key).ToList();
        Assert.True(names.Contains(Copy) || !isAcknowledged, $"{where}: the memory is gone");
        Assert.Equal(_content, await store.ReadEverythingAsync(Alice));
        int found = names.Contains(Copy) ? 1 : 0;
        if (found == 0) await store.ImportAsync(_archive, Copy);
        Assert.Equal(_content, await store.ReadEverythingAsync(Copy));
        return found;
    }
}
