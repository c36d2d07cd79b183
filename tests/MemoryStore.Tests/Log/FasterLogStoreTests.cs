using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Log;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Log;

public sealed class FasterLogStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _log;

    public FasterLogStoreTests() => _log = _folder.Combine("manifest");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Entries_of_all_sizes_are_read_back_in_order_and_by_address()
    {
        var written = new List<(long Address, byte[] Entry)>();
        await using FasterLogStore log = FasterLogStore.Create(LocalDisk.Instance, _log, LogGeometry.Manifest);
        for (int seed = 0; seed < 300; seed++)
        {
            byte[] entry = Entry(seed, log.MaxEntryBytes);
            written.Add((await log.AppendAsync(entry), entry));
            if (seed % 7 == 0) await CommitAsync(log, (byte)seed);
        }

        await CommitAsync(log, 1);
        var scanner = new LogScanner(log.Reader, LogGeometry.FirstAddress);
        foreach ((long address, byte[] entry) in written)
        {
            Assert.True(await scanner.MoveNextAsync(log.TailAddress, CancellationToken.None));
            Assert.Equal(address, scanner.Address);
            Assert.Equal(entry, scanner.Entry.ToArray());
            byte[] again = new byte[entry.Length];
            await log.Reader.ReadAsync(address, again, CancellationToken.None);
            Assert.Equal(entry, again);
        }

        Assert.False(await scanner.MoveNextAsync(log.TailAddress, CancellationToken.None));
        Assert.Equal(log.TailAddress, scanner.Next);
    }

    [Fact]
    public async Task A_committed_sector_is_never_written_again()
    {
        await using FasterLogStore log = FasterLogStore.Create(LocalDisk.Instance, _log, LogGeometry.Manifest);
        for (int seed = 0; seed < 40; seed++)
        {
            await log.AppendAsync(Entry(seed, 3000));
            await CommitAsync(log, 1);
            Assert.Equal(0, log.TailAddress % LogGeometry.SectorBytes);
        }

        Assert.Equal(log.TailAddress, CommitSlots.Read(LocalDisk.Instance, LogFolder.CommitPath(_log)).Newest.Until);
    }

    [Fact]
    public async Task A_commit_remembers_its_cookie()
    {
        await using FasterLogStore log = FasterLogStore.Create(LocalDisk.Instance, _log, LogGeometry.Manifest);
        await log.AppendAsync(Entry(1, 3000));
        await CommitAsync(log, 42);

        Assert.Equal([42], CommitSlots.Read(LocalDisk.Instance, LogFolder.CommitPath(_log)).Newest.Cookie);
    }

    [Fact]
    public async Task What_was_not_committed_is_not_there()
    {
        await using (FasterLogStore log = FasterLogStore.Create(LocalDisk.Instance, _log, LogGeometry.Manifest)) await log.AppendAsync(Entry(1, 3000));

        Assert.Equal(LogGeometry.FirstAddress, CommitSlots.Read(LocalDisk.Instance, LogFolder.CommitPath(_log)).Newest.Until);
    }

    [Fact]
    public async Task A_full_disk_at_the_commit_record_is_an_error_and_stays_one()
    {
        if (!OperatingSystem.IsLinux()) return;
        LogFolder.Create(LocalDisk.Instance, _log, LogGeometry.Manifest);
        File.Delete(LogFolder.CommitPath(_log));
        File.CreateSymbolicLink(LogFolder.CommitPath(_log), "/dev/full");
        await using FasterLogStore log = FasterLogStore.OpenNew(LocalDisk.Instance, _log, LogGeometry.Manifest);
        await log.AppendAsync(Entry(1, 3000));

        Assert.Equal(ErrorCode.StoreFull, (await Assert.ThrowsAsync<LatentDbException>(() => CommitAsync(log, 1))).Code);
        Assert.Equal(ErrorCode.StoreFull, (await Assert.ThrowsAsync<LatentDbException>(() => CommitAsync(log, 2))).Code);
    }

    [Fact]
    public async Task A_device_that_cannot_write_is_an_error_and_stays_one()
    {
        LogFolder.Create(LocalDisk.Instance, _log, LogGeometry.Manifest);
        Directory.CreateDirectory(LogFolder.SegmentPath(_log, 0));
        await using FasterLogStore log = FasterLogStore.OpenNew(LocalDisk.Instance, _log, LogGeometry.Manifest);
        await log.AppendAsync(Entry(1, 3000));

        Assert.Equal(ErrorCode.StoreUnavailable, (await Assert.ThrowsAsync<LatentDbException>(() => CommitAsync(log, 1))).Code);
        Assert.Equal(ErrorCode.StoreUnavailable, (await Assert.ThrowsAsync<LatentDbException>(() => CommitAsync(log, 2))).Code);
        Assert.Equal(LogGeometry.FirstAddress, CommitSlots.Read(LocalDisk.Instance, LogFolder.CommitPath(_log)).Newest.Until);
    }

    [Fact]
    public async Task An_entry_that_would_break_the_alignment_is_refused()
    {
        await using FasterLogStore log = FasterLogStore.Create(LocalDisk.Instance, _log, LogGeometry.Manifest);

        await Assert.ThrowsAsync<ArgumentException>(async () => await log.AppendAsync(new byte[17]));
    }

    [Fact]
    public async Task Entries_run_through_many_small_segments_of_which_few_stay_open()
    {
        await using FasterLogStore log = FasterLogStore.Create(LocalDisk.Instance, _log, Small);
        List<(long Address, byte[] Entry)> written = await FillAsync(log, 100);

        Assert.True(log.TailAddress > 4 * Small.SegmentBytes);
        foreach ((long address, byte[] entry) in written)
        {
            byte[] again = new byte[entry.Length];
            await log.Reader.ReadAsync(address, again, CancellationToken.None);
            Assert.Equal(entry, again);
        }

        Assert.InRange(OpenForWriting(_log), 0, 2);
    }

    [Fact]
    public async Task What_stood_in_a_forgotten_segment_is_missing_and_the_rest_is_not()
    {
        await using FasterLogStore log = FasterLogStore.Create(LocalDisk.Instance, _log, Small);
        List<(long Address, byte[] Entry)> written = await FillAsync(log, 100);
        log.Reader.Forget(1);

        foreach ((long address, byte[] entry) in written)
        {
            ValueTask read = log.Reader.ReadAsync(address, new byte[entry.Length], CancellationToken.None);
            if ((address + LogGeometry.EntryHeaderBytes) / Small.SegmentBytes == 1) await Assert.ThrowsAsync<SegmentMissingException>(async () => await read);
            else await read;
        }
    }

    private static LogGeometry Small => new(16 << 10, 64 << 10, 32 << 10);

    private static async Task<List<(long Address, byte[] Entry)>> FillAsync(FasterLogStore log, int entries)
    {
        var written = new List<(long Address, byte[] Entry)>();
        for (int seed = 0; seed < entries; seed++)
        {
            byte[] entry = Entry(seed, log.MaxEntryBytes);
            written.Add((await log.AppendAsync(entry), entry));
            if (seed % 3 == 0) await CommitAsync(log, (byte)seed);
        }

        await CommitAsync(log, 1);
        return written;
    }

    /// <summary>Descriptors of this process that may write a segment of that log.</summary>
    private static int OpenForWriting(string log)
    {
        if (!OperatingSystem.IsLinux()) return 0;
        int count = 0;
        foreach (string descriptor in Directory.GetFiles("/proc/self/fd"))
        {
            try
            {
                if (File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.FullName.StartsWith(Path.Combine(log, "log."), StringComparison.Ordinal) != true) continue;
                string flags = File.ReadAllLines(descriptor.Replace("/fd/", "/fdinfo/", StringComparison.Ordinal)).First(line => line.StartsWith("flags:", StringComparison.Ordinal));
                if ((Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & 3) != 0) count++;
            }
            catch (FileNotFoundException)
            {
                // Closed by a test beside this one since the listing; this log's own are open throughout.
            }
        }

        return count;
    }

    private static async Task CommitAsync(FasterLogStore log, byte cookie)
    {
        await log.PadAsync();
        await log.CommitAsync([cookie]);
    }

    private static byte[] Entry(int seed, int maxBytes)
    {
        var random = new Random(seed);
        byte[] entry = new byte[(random.Next(1, maxBytes / 16) * 16) + 4];
        random.NextBytes(entry);
        return entry;
    }
}
