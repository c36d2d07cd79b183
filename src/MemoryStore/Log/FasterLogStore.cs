using FASTER.core;
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
    private readonly TimeProvider _time;
    private readonly SegmentDevice _device;
    private readonly SlotCommits _commits;
    private readonly FasterLog _log;
    private bool _isHung;

    private FasterLogStore(string folder, LogGeometry geometry, TimeProvider time)
    {
        _geometry = geometry;
        _time = time;
        _device = new SegmentDevice(folder);
        _commits = new SlotCommits(CommitSlots.OpenForWriting(LogFolder.CommitPath(folder)));
        Reader = new SegmentReader(folder, geometry);
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
    public static FasterLogStore Create(string folder, LogGeometry geometry, TimeProvider time)
    {
        LogFolder.Create(folder, geometry);
        return new FasterLogStore(folder, geometry, time);
    }

    /// <inheritdoc/>
    public ValueTask<long> AppendAsync(ReadOnlyMemory<byte> entry)
    {
        // FASTER rounds entries up to 4 bytes; multiples of 16 let PadAsync fill any gap, which may be as small as one entry.
        if (entry.Length % 16 != 4) throw new ArgumentException($"An entry of {entry.Length} bytes is not of the form 16 n + 4.", nameof(entry));
        return _log.TryEnqueue(entry.Span, out long address) ? ValueTask.FromResult(address) : AppendSlowAsync(entry);
    }

    /// <inheritdoc/>
    public async ValueTask PadAsync()
    {
        int gap = (int)(-_log.TailAddress & (LogGeometry.SectorBytes - 1));
        if (gap == 0) return;
        await AppendAsync(Filler.AsMemory(0, gap - LogGeometry.EntryHeaderBytes)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task CommitAsync(byte[] cookie)
    {
        try
        {
            Task<(bool, long, long)> commit = _log.CommitStronglyAsync(cookie, token: _commits.Failed).AsTask();
            await commit.WaitAsync(StoreLimits.CommitTimeout, _time, _commits.Failed).ConfigureAwait(false);
            if (_commits.Failure is not null) throw new IOException("The commit record was not written.");
        }
#pragma warning disable CA1031 // Every failure has the same consequence; which one it was is told by the device and the commit record.
        catch (Exception e)
#pragma warning restore CA1031
        {
            throw Explain(e, "A commit");
        }
    }

    /// <summary>Commits nothing: what was not committed is lost, as after a power cut.</summary>
    public async ValueTask DisposeAsync()
    {
        // After a hang FASTER's Dispose would wait for the flush that never ends; its memory is given up instead.
        if (!_isHung)
        {
            await Task.Run(_log.Dispose, CancellationToken.None).ConfigureAwait(false);
            await Task.Run(_device.Dispose, CancellationToken.None).ConfigureAwait(false);
        }

        _commits.Dispose();
        Reader.Dispose();
    }

    private async ValueTask<long> AppendSlowAsync(ReadOnlyMemory<byte> entry)
    {
        try
        {
            return await _log.EnqueueAsync(entry, _commits.Failed).AsTask().WaitAsync(StoreLimits.CommitTimeout, _time, _commits.Failed).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // As in CommitAsync.
        catch (Exception e)
#pragma warning restore CA1031
        {
            throw Explain(e, "An append");
        }
    }

    private LatentDbException Explain(Exception e, string what)
    {
        if ((_commits.Failure ?? _device.Failure) is Exception cause) return DurableFile.ToStoreError(cause, what);
        if (e is not TimeoutException) return DurableFile.ToStoreError(e, what);
        _isHung = true;
        return new LatentDbException(
            ErrorCode.StoreUnavailable,
            $"{what} did not end within {StoreLimits.CommitTimeout.TotalSeconds:0} s; the shard takes no more writes until it is opened again.",
            e);
    }

    private static byte[] MakeFiller()
    {
        byte[] filler = new byte[LogGeometry.SectorBytes];
        SegmentReader.FillerMagic.CopyTo(filler);
        return filler;
    }
}
