using FASTER.core;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Log;

/// <summary>
/// A log on FASTER 2.6.5 in standard commit mode. Each instance writes a log that it created; it never recovers one, so none of FASTER's recovery
/// is used: a log of an earlier epoch is only read, by <see cref="SegmentReader"/>, and every frame in it is verified by its own checksum.
/// </summary>
internal sealed class FasterLogStore : ILogStore
{
    private static readonly byte[] Filler = MakeFiller();

    private readonly LogGeometry _geometry;
    private readonly SegmentDevice _device;
    private readonly SlotCommits _commits;
    private readonly FasterLog _log;
    private Task _running = Task.CompletedTask;

    private FasterLogStore(IDisk disk, string folder, LogGeometry geometry)
    {
        _geometry = geometry;
        _commits = new SlotCommits(CommitSlots.OpenForWriting(disk, LogFolder.CommitPath(folder)));
        _device = new SegmentDevice(disk, folder, _commits.Fail);
        Reader = new SegmentReader(disk, folder, geometry);
        _log = new FasterLog(new FasterLogSettings
        {
            LogDevice = _device,
            LogCommitManager = _commits,
            PageSize = geometry.PageBytes,
            MemorySize = geometry.MemoryBytes,
            SegmentSize = geometry.SegmentBytes,
            LogChecksum = LogChecksumType.PerEntry,
            FastCommitMode = false,
            AutoCommit = false,
            TolerateDeviceFailure = false,
            TryRecoverLatest = false,
        });
        if (_log.HeaderSize != LogGeometry.EntryHeaderBytes || _log.TailAddress != LogGeometry.FirstAddress)
        {
            throw new LatentDbException(ErrorCode.Internal, $"FASTER puts {_log.HeaderSize} bytes before entries and begins at {_log.TailAddress}.");
        }
    }

    /// <inheritdoc/>
    public int MaxEntryBytes => _geometry.MaxEntryBytes;

    /// <inheritdoc/>
    public long TailAddress => _log.TailAddress;

    /// <inheritdoc/>
    public SegmentReader Reader { get; }

    /// <summary>Creates a new log in a folder that does not exist yet.</summary>
    public static FasterLogStore Create(IDisk disk, string folder, LogGeometry geometry)
    {
        LogFolder.Create(disk, folder, geometry);
        return OpenNew(disk, folder, geometry);
    }

    /// <summary>Opens a log that was created and never written.</summary>
    internal static FasterLogStore OpenNew(IDisk disk, string folder, LogGeometry geometry) => new(disk, folder, geometry);

    /// <inheritdoc/>
    public ValueTask<long> AppendAsync(ReadOnlyMemory<byte> entry)
    {
        // FASTER rounds entries up to 4 bytes; multiples of 16 let PadAsync fill any gap, which may be as small as one entry.
        if (entry.Length % 16 != 4) throw new ArgumentException($"An entry of {entry.Length} bytes is not of the form 16 n + 4.", nameof(entry));
        try
        {
            return _log.TryEnqueue(entry.Span, out long address) ? ValueTask.FromResult(address) : AppendSlowAsync(entry);
        }
#pragma warning disable CA1031 // As in ExplainedAsync: FASTER repeats here what an earlier flush met.
        catch (Exception e)
#pragma warning restore CA1031
        {
            throw DurableFile.ToStoreError(_commits.Failure ?? _device.Failure ?? e, "An append");
        }
    }

    /// <inheritdoc/>
    public async ValueTask PadAsync()
    {
        int gap = (int)(-_log.TailAddress & (LogGeometry.SectorBytes - 1));
        if (gap == 0) return;
        await AppendAsync(Filler.AsMemory(0, gap - LogGeometry.EntryHeaderBytes)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task CommitAsync(byte[] cookie)
    {
        // Runs up to the first wait before it returns: the commit reaches what was appended before the call and nothing after.
        Task commit = ExplainedAsync(_log.CommitStronglyAsync(cookie, token: _commits.Failed).AsTask(), "A commit");
        _running = commit;
        return commit;
    }

    /// <summary>Commits nothing: what was not committed is lost, as after a power cut.</summary>
    public async ValueTask DisposeAsync()
    {
        // While a commit hangs, FASTER's Dispose would wait for a flush that never ends; its memory and files are given up instead.
        if (!_running.IsCompleted) return;

        // The device first: what is queued there points into the log's pages.
        await Task.Run(_device.Dispose, CancellationToken.None).ConfigureAwait(false);
        await Task.Run(_log.Dispose, CancellationToken.None).ConfigureAwait(false);
        await _commits.DisposeAsync().ConfigureAwait(false);
        Reader.Dispose();
    }

    private async ValueTask<long> AppendSlowAsync(ReadOnlyMemory<byte> entry)
    {
        Task<long> append = _log.EnqueueAsync(entry, _commits.Failed).AsTask();
        await ExplainedAsync(append, "An append").ConfigureAwait(false);
        return await append.ConfigureAwait(false);
    }

    private async Task ExplainedAsync(Task work, string what)
    {
        try
        {
            await work.ConfigureAwait(false);
            if (_commits.Failure is not null) throw new IOException("The commit record was not written.");
        }
#pragma warning disable CA1031 // Every failure has the same consequence; which one it was is told by the device and the commit record.
        catch (Exception e)
#pragma warning restore CA1031
        {
            throw DurableFile.ToStoreError(_commits.Failure ?? _device.Failure ?? e, what);
        }
    }

    private static byte[] MakeFiller()
    {
        byte[] filler = new byte[LogGeometry.SectorBytes];
        SegmentReader.FillerMagic.CopyTo(filler);
        return filler;
    }
}
