using System.Diagnostics;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Encryption.Slots;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.MemoryStore.Tests.Encryption;

/// <summary>A million memories: measured and printed; only what must not depend on the machine is asserted.</summary>
public sealed class KeyringScaleTests(ITestOutputHelper output)
{
    private const int Memories = 1_000_000;
    private const long MaxAllocatedBytes = 100L << 20;

    [Fact]
    public async Task A_million_keys_open_are_copied_and_shredded()
    {
        using var folder = new TempFolder();
        string old = Folder(folder, "ep-1");
        string next = Folder(folder, "ep-2");
        using LocalMasterKeys master = Ring.Master();
        await Ring.FillQuicklyAsync(LocalDisk.Instance, old, Memories);

        long started = Stopwatch.GetTimestamp();
        await using Keyring opened = await Keyring.OpenAsync(LocalDisk.Instance, old, master, CancellationToken.None);
        Report("open", started);
        started = Stopwatch.GetTimestamp();
        await using Keyring copy = await opened.CopyToAsync(next, isLive: null, CancellationToken.None);
        Report("copy", started);
        started = Stopwatch.GetTimestamp();
        Keyring.Shred(LocalDisk.Instance, old);
        Report("shred", started);

        Assert.Equal(KeyState.Present, copy.StateOf(Memories - 1));
        Assert.Equal(0, copy.LostSlots);
    }

    [Fact]
    public async Task Fifty_thousand_keys_are_found_and_rotated()
    {
        using var folder = new TempFolder();
        string path = Folder(folder, "ep-1");
        using LocalMasterKeys master = Ring.Master();
        await Ring.FillAsync(LocalDisk.Instance, path, Memories / 20);
        await using Keyring ring = await Keyring.OpenAsync(LocalDisk.Instance, path, master, CancellationToken.None);

        long started = Stopwatch.GetTimestamp();
        for (int i = 1; i < Memories / 20; i++) ring.Find(Ring.Uid(i))!.Dispose();
        Report("find 50,000", started);
        started = Stopwatch.GetTimestamp();
        await ring.RotateTenantAsync(Ring.Acme, CancellationToken.None);
        Report("rotate 50,000", started);
        started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(Memories, 2000).Select(i => Task.Run(() => ring.AddAsync(i))));
        Report("add 2,000 at once", started);
        started = Stopwatch.GetTimestamp();
        for (int i = 0; i < 100; i++) await ring.EraseAsync(Memories + i);
        Report("erase 100 one by one", started);

        Assert.NotNull(ring.Find(1));
    }

    [Fact]
    public void The_map_of_a_million_slots_costs_less_than_a_hundred_megabytes()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var map = new SlotMap(Memories);
        for (int i = 0; i < Memories; i++) map.Set(i, new KeySlot(SlotState.Present, 1, 1, Ring.Uid(i)));

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        output.WriteLine($"{allocated >> 20} MiB");
        Assert.InRange(allocated, 0, MaxAllocatedBytes);
    }

    private static string Folder(TempFolder folder, string name) => Directory.CreateDirectory(folder.Combine(name)).FullName;

    private void Report(string what, long started) => output.WriteLine($"{what} {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0} ms");
}
