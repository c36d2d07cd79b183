using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Replication.Mirrors;
using LatentDb.MemoryStore.Shards.Ownership;
using LatentDb.MemoryStore.Telemetry;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Shards;

/// <summary>
/// The place of one shard in this process: its lock or lease, and the object that serves it now. A shard that can write no more is opened again under the
/// same lock, as a new epoch, with a growing pause between the tries; until then the old object goes on reading.
/// </summary>
/// <remarks>
/// What the old object still has on its way cannot be acknowledged once the new one has begun: opening raises the epoch first, and every commit asks
/// for it before it is told to anybody.
/// </remarks>
internal sealed partial class ShardSlot : IAsyncDisposable
{
    private readonly ShardId _id;
    private readonly ShardLock _lock;
    private readonly ShardRecovery _recovery;
    private readonly ShardSettings _settings;
    private readonly ShardOwnership _ownership;
    private readonly ShardMirror? _mirror;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watch;
    private volatile Shard _current;
    private Shard? _retired;
    private long _retiredAt;

    private ShardSlot(ShardId id, ShardLock shardLock, ShardRecovery recovery, ShardSettings settings, ShardMirror? mirror, Shard shard)
    {
        _mirror = mirror;
        _id = id;
        _lock = shardLock;
        _recovery = recovery;
        _settings = settings;
        _ownership = shard.Ownership;
        _current = shard;
        _watch = StoreMetrics.RunAlone(WatchAsync);
    }

    public Shard Current => _current;

    /// <summary>False when the shard is given up, or its lease is lost.</summary>
    public bool IsHeld => _ownership.IsHeld;

    /// <summary>False while what was opened is not on all copies that count: it could be lost after somebody has read it.</summary>
    public bool IsServable => _mirror?.IsServable ?? true;

    /// <exception cref="LatentDbException">shard_locked, data_damaged, unsupported_format, key_unavailable, store_full, store_unavailable.</exception>
    public static async Task<ShardSlot> OpenAsync(
        ShardId id, ShardLayout layout, ShardSettings settings, IMasterKeyProvider master, ShardLease? lease, CancellationToken cancellationToken)
    {
        layout.Disk.CreateFolder(layout.Root);
        layout.Disk.SyncFolder(Path.GetDirectoryName(layout.Root)!);
        ShardLock shardLock = ShardLock.Take(layout.LockPath, layout.OwnerPath, id.ToString(), settings.IsShared, settings.Time);
        ShardMirror? mirror = null;
        try
        {
            if (lease is not null && settings.Replication is not null)
            {
                mirror = await settings.Replication.TakeOverAsync(lease, layout.Disk, layout.Root, cancellationToken).ConfigureAwait(false);
                layout = new ShardLayout(mirror.Disk, layout.Root);
            }

            var recovery = new ShardRecovery(id, layout, settings, master, new ShardOwnership(id, lease, mirror), mirror);
            return new ShardSlot(id, shardLock, recovery, settings, mirror, await recovery.OpenAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            if (mirror is not null) await EndAsync(mirror).ConfigureAwait(false);
            shardLock.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes no more calls, commits what is on its way, and writes nothing afterwards: another silo may have the shard then. Readers that have begun go
    /// on until the slot is disposed of.
    /// </summary>
    /// <returns>False when the disk hangs: the lease must not be given back, but run out.</returns>
    public async ValueTask<bool> StopWritingAsync()
    {
        _ownership.GiveUp();
        await _stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await _watch.WaitAsync(StoreLimits.CommitTimeout, TimeProvider.System, CancellationToken.None).ConfigureAwait(false);
            await _current.StopWritingAsync().AsTask().WaitAsync(StoreLimits.CommitTimeout, TimeProvider.System, CancellationToken.None).ConfigureAwait(false);
            if (_mirror is not null)
            {
                await _mirror.SettleAsync().ConfigureAwait(false);
                await EndAsync(_mirror).ConfigureAwait(false);
            }

            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Commits what was acknowledged to be on its way, then gives the shard up.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await _watch.WaitAsync(StoreLimits.CommitTimeout, TimeProvider.System, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The disk hangs in an opening. The lock stays taken until the process ends: what comes back late must not meet another owner.
            return;
        }

        await RetireAsync(_current).ConfigureAwait(false);
        await RetireAsync(null).ConfigureAwait(false);
        if (_mirror is not null) await EndAsync(_mirror).ConfigureAwait(false);
        _stop.Dispose();
        _lock.Dispose();
    }

    /// <summary>Nothing is written any more, and the next owner's changes may come.</summary>
    private static async ValueTask EndAsync(ShardMirror mirror)
    {
        await mirror.DisposeAsync().ConfigureAwait(false);
        mirror.Release();
    }

    private async Task WatchAsync()
    {
        TimeSpan pause = StoreLimits.MinReopenPause;
        while (await PauseAsync(pause).ConfigureAwait(false))
        {
            if (_retired is not null && _settings.Time.GetElapsedTime(_retiredAt) > StoreLimits.ReaderGrace) await RetireAsync(null).ConfigureAwait(false);
            pause = _current.Failure is not LatentDbException failure || !_ownership.IsHeld || !IsWorthRetrying(failure) || await ReopenAsync(failure).ConfigureAwait(false)
                ? StoreLimits.MinReopenPause
                : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, StoreLimits.MaxReopenPause.Ticks));
        }
    }

    /// <summary>Another owner has come, or the data is damaged: neither gets better by opening again.</summary>
    private static bool IsWorthRetrying(LatentDbException failure) =>
        failure.Code == ErrorCode.StoreFull || failure.Code == ErrorCode.StoreUnavailable || failure.Code == ErrorCode.KeyUnavailable || failure.Code == ErrorCode.NotEnoughCopies;

    private async Task<bool> ReopenAsync(LatentDbException failure)
    {
        try
        {
            if (failure.Code == ErrorCode.StoreFull) _settings.Space?.Release();
            _mirror?.RequireEnough();
            Shard opened = await _recovery.OpenAsync(_stop.Token).ConfigureAwait(false);
            Shard failed = _current;
            _current = opened;
            StoreMetrics.Reopened(isOpen: true);
            LogReopened(_settings.Logger, _id, opened.Epoch, failure.Code);
            await RetireAsync(failed).ConfigureAwait(false);
            return true;
        }
#pragma warning disable CA1031 // A background loop: whatever hinders this try, the next one comes after a longer pause.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (_stop.IsCancellationRequested) return false;
            StoreMetrics.Reopened(isOpen: false);
            LogStillFailed(_settings.Logger, _id, e);
            return false;
        }
    }

    /// <summary>Readers may be in the middle of an object that failed; it is closed a while later, when the next one fails, or with the slot.</summary>
    private async Task RetireAsync(Shard? failed)
    {
        Shard? earlier = _retired;
        (_retired, _retiredAt) = (failed, _settings.Time.GetTimestamp());
        if (earlier is null) return;
        try
        {
            await earlier.DisposeAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Closing what has failed may fail again; nothing of it is needed any more.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotClosed(_settings.Logger, _id, e);
        }
    }

    /// <returns>False when the slot is to be given up.</returns>
    private async Task<bool> PauseAsync(TimeSpan pause)
    {
        await Task.Delay(pause, _settings.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !_stop.IsCancellationRequested;
    }

    [LoggerMessage(EventId = 102, Level = LogLevel.Warning, Message = "Opened {Shard} again as epoch {Epoch} after {Code}.")]
    private static partial void LogReopened(ILogger logger, ShardId shard, Epoch epoch, ErrorCode code);

    [LoggerMessage(EventId = 103, Level = LogLevel.Warning, Message = "{Shard} takes no writes and could not be opened again.")]
    private static partial void LogStillFailed(ILogger logger, ShardId shard, Exception error);

    [LoggerMessage(EventId = 104, Level = LogLevel.Debug, Message = "What was left of a failed {Shard} could not be closed.")]
    private static partial void LogNotClosed(ILogger logger, ShardId shard, Exception error);
}
