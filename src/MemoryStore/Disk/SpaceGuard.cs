using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Disk;

/// <summary>
/// Refuses what would fill the disk before it does, and keeps a ballast for when it is full all the same: a file that takes its space for real and is
/// deleted when a shard could not write, so that it can be opened again and memories can be erased.
/// <code>
/// free space &gt; reserve                      everything is accepted
/// free space &lt;= reserve                     new blocks are refused with store_full; small records still fit
/// a write met a full disk                    the ballast is released; small records fit again
/// without ballast, free space &lt;= 2 reserve  as in the second line
/// without ballast, free space &gt; 2 reserve   the ballast is taken again
/// </code>
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class SpaceGuard(IDisk disk, string folder, long reserveBytes, TimeProvider time)
{
    private const string FileName = "ballast";

    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long _freeBytes;
    private long? _measuredAt;

    private string BallastPath => Path.Combine(folder, FileName);

    private bool HasBallast => disk.LengthOf(BallastPath) >= reserveBytes;

    /// <summary>Before anything is opened: on a disk that is nearly full the ballast is what there is to open with.</summary>
    public void Begin()
    {
        if (reserveBytes > 0 && HasBallast && disk.FreeBytes(folder) <= reserveBytes / 2) Release();
    }

    /// <summary>Takes the ballast when there is room for it.</summary>
    public void TakeBallast()
    {
        lock (_lock)
        {
            if (reserveBytes == 0 || HasBallast || Measure() <= 2 * reserveBytes) return;
            try
            {
                disk.Reserve(BallastPath, reserveBytes);
                disk.SyncFolder(folder);
            }
            catch (IOException)
            {
                // It was less than it seemed. The rest of the file gives its space back; the next measurement tries again.
                disk.DeleteFile(BallastPath);
            }

            _measuredAt = null;
        }
    }

    /// <summary>A write met a full disk: gives the ballast up.</summary>
    public void Release()
    {
        lock (_lock)
        {
            disk.DeleteFile(BallastPath);
            disk.SyncFolder(folder);
            _measuredAt = null;
        }
    }

    /// <summary>Asked before a block is accepted.</summary>
    /// <exception cref="LatentDbException">store_full, with a time to retry.</exception>
    public void Require(long bytes)
    {
        if (reserveBytes == 0) return;
        lock (_lock)
        {
            bool isFresh = _measuredAt is long at && time.GetElapsedTime(at) < Freshness && _freeBytes - bytes > 2 * reserveBytes;
            long free = isFresh ? _freeBytes : Measure();
            if (!isFresh && free > 2 * reserveBytes && !HasBallast)
            {
                TakeBallast();
                free = Measure();
            }

            long needed = reserveBytes + (isFresh || HasBallast ? 0 : reserveBytes);
            if (free - bytes <= needed) throw Full(free, needed);
            _freeBytes -= bytes;
        }
    }

    private long Measure()
    {
        _freeBytes = disk.FreeBytes(folder);
        _measuredAt = time.GetTimestamp();
        return _freeBytes;
    }

    private static LatentDbException Full(long free, long needed) => new(
        ErrorCode.StoreFull, $"The disk has {free >> 20} MiB left and new blocks are stored only above {needed >> 20} MiB; reading, rolling back and erasing go on.")
    {
        RetryAfter = StoreLimits.FullRetryAfter,
    };
}
