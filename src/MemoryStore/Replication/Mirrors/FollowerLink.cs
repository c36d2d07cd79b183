using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.Telemetry;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Replication.Mirrors;

/// <summary>The owner's end of one follower: finds out how far it is, fills it when it must, then sends it what happens, and tries again when the link breaks.</summary>
internal sealed partial class FollowerLink : IAsyncDisposable
{
    private readonly ShardMirror _mirror;
    private readonly string _address;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private readonly Lock _hearing = new();
    private TaskCompletionSource _taken = New();
    private long _told;
    private long _filledAt;
    private int _hasTurn;

    /// <param name="mirror">Whose.</param>
    /// <param name="copy">What is known of the follower; told here.</param>
    /// <param name="address">Where it is.</param>
    public FollowerLink(ShardMirror mirror, MirrorCopy copy, string address)
    {
        _mirror = mirror;
        _address = address;
        Copy = copy;
        _loop = Task.Run(LoopAsync, CancellationToken.None);
    }

    public MirrorCopy Copy { get; }

    public string Address => _address;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task LoopAsync()
    {
        TimeSpan pause = ReplicationLimits.Pause;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (LatentDbException e) when (e.Code == ErrorCode.StaleOwner)
            {
                LogStale(_mirror.Logger, _mirror.Shard, Copy.Name, e.Message);
                _mirror.Fail(e);
                return;
            }
#pragma warning disable CA1031 // A background loop: whatever hindered this try, the next one finds out anew how far the follower is.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (_stop.IsCancellationRequested) return;
                LogBroken(_mirror.Logger, _mirror.Shard, Copy.Name, e.Message);
            }

            pause = Copy.IsCopy ? ReplicationLimits.Pause : TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, ReplicationLimits.MaxPause.Ticks));
            await Task.Delay(pause, _mirror.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        Stream stream = await _mirror.Links.OpenAsync(_address, LinkChannel.Replication, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            using var reader = new LinkReader(stream);
            using var writer = new LinkWriter(stream);
            using var buffer = new LinkBuffer();
            ReplicationCodec.Write(buffer, new OwnerHello(_mirror.Shard, _mirror.Term, _mirror.Session));
            await writer.WriteAsync(ReplicationCodec.Hello, buffer.Written, cancellationToken).ConfigureAwait(false);
            FollowerStanding standing = ReplicationCodec.ReadStanding((await reader.ReadAsync(ReplicationCodec.Standing, cancellationToken).ConfigureAwait(false)).Span);
            ChangeQueue.Cursor? cursor = standing.Session == _mirror.Session && Copy.IsCopy ? _mirror.Disk.Queue.Attach(standing.Position) : null;
            if (cursor is not null) await SendAsync(reader, writer, cursor, standing.Position, copying: null, cancellationToken).ConfigureAwait(false);
            else await FillAsync(reader, writer, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task FillAsync(LinkReader reader, LinkWriter writer, CancellationToken cancellationToken)
    {
        Copy.Confirmed = MirrorCopy.Nothing;
        await writer.WriteAsync(ReplicationCodec.Compare, default, cancellationToken).ConfigureAwait(false);
        FolderListing there = ReplicationCodec.ReadListing((await reader.ReadAsync(ReplicationCodec.Listing, cancellationToken).ConfigureAwait(false)).Span);
        try
        {
            // One after the other: the rest of the set is left to be promoted meanwhile. One that hangs does not hold the others up for ever.
            if (await _mirror.Filling.WaitAsync(ReplicationLimits.FillTurn, cancellationToken).ConfigureAwait(false)) Volatile.Write(ref _hasTurn, 1);
            await _mirror.LeaveAsync(Copy, cancellationToken).ConfigureAwait(false);
            var copy = new FolderCopy(_mirror.Disk, there);
            ChangeQueue.Cursor cursor = copy.Begin();
            await SendAsync(reader, writer, cursor, cursor.Position, copy, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Copy.MustLeave = false;
            EndTurn();
        }
    }

    private void EndTurn()
    {
        if (Interlocked.Exchange(ref _hasTurn, 0) != 0) _mirror.Filling.Release();
    }

    /// <summary>Both directions until one ends.</summary>
    private async Task SendAsync(LinkReader reader, LinkWriter writer, ChangeQueue.Cursor cursor, long from, FolderCopy? copying, CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Copy.IsAttached = true;
        (_told, _filledAt) = (copying is null ? from : MirrorCopy.Nothing, long.MaxValue);
        try
        {
            Task<long> filling = copying is null ? Task.FromResult(from) : FillAsync(copying, cursor, both);
            Task filled = HearWhenFilledAsync(filling);
            Task send = SendChangesAsync(writer, cursor, both.Token);
            Task read = ReadConfirmationsAsync(reader, both.Token);
            Task first = await Task.WhenAny(send, read).ConfigureAwait(false);
            await both.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(filling, filled, send, read).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.WhenAll(filling, first).ConfigureAwait(false);
        }
        finally
        {
            Copy.IsAttached = false;
            copying?.End();
            _mirror.Disk.Queue.Detach(cursor);
        }
    }

    private async Task<long> FillAsync(FolderCopy copying, ChangeQueue.Cursor cursor, CancellationTokenSource both)
    {
        LogFilling(_mirror.Logger, _mirror.Shard, Copy.Name);
        try
        {
            long end = await copying.RunAsync(cursor, () => _taken.Task, both.Token).ConfigureAwait(false);
            ReplicationMetrics.Filled(copying.SentBytes);
            return end;
        }
        catch
        {
            await both.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task SendChangesAsync(LinkWriter writer, ChangeQueue.Cursor cursor, CancellationToken cancellationToken)
    {
        using var buffer = new LinkBuffer();
        var changes = new List<FolderChange>();
        while (true)
        {
            await _mirror.Disk.Queue.WaitAsync(cursor.Position, cancellationToken).ConfigureAwait(false);
            changes.Clear();
            buffer.Clear();
            long first = cursor.Position;
            if (!_mirror.Disk.Queue.TryTake(cursor, changes)) throw new LatentDbException(ErrorCode.Overloaded, "The follower is too far behind; it is filled anew.");
            ReplicationCodec.Write(buffer, _mirror.Term, first, changes);
            await writer.WriteAsync(ReplicationCodec.Changes, buffer.Written, cancellationToken).ConfigureAwait(false);
            TaskCompletionSource taken = Interlocked.Exchange(ref _taken, New());
            taken.SetResult();
        }
    }

    private async Task ReadConfirmationsAsync(LinkReader reader, CancellationToken cancellationToken)
    {
        while (true)
        {
            long position = ReplicationCodec.ReadPosition((await reader.ReadAsync(ReplicationCodec.Confirmed, cancellationToken).ConfigureAwait(false)).Span);
            lock (_hearing)
            {
                _told = position;
                Hear();
            }
        }
    }

    /// <summary>The follower may have confirmed everything before this side knew that it had sent everything, and nothing else may ever happen.</summary>
    private async Task HearWhenFilledAsync(Task<long> filling)
    {
        long end = await filling.ConfigureAwait(false);
        lock (_hearing)
        {
            _filledAt = end;
            Hear();
        }
    }

    private void Hear()
    {
        bool isCopy = _told >= _filledAt;
        if (isCopy && !Copy.IsCopy) LogCopy(_mirror.Logger, _mirror.Shard, Copy.Name);
        if (isCopy) EndTurn();
        _mirror.Heard(Copy, isCopy ? _told : MirrorCopy.Nothing);
    }

    [LoggerMessage(EventId = 180, Level = LogLevel.Information, Message = "The copy of {Shard} at {Silo} is being filled.")]
    private static partial void LogFilling(ILogger logger, Identity.ShardId shard, string silo);

    [LoggerMessage(EventId = 181, Level = LogLevel.Information, Message = "{Silo} has a copy of {Shard} now.")]
    private static partial void LogCopy(ILogger logger, Identity.ShardId shard, string silo);

    [LoggerMessage(EventId = 182, Level = LogLevel.Information, Message = "The copy of {Shard} at {Silo} is not followed for a moment: {Cause}")]
    private static partial void LogBroken(ILogger logger, Identity.ShardId shard, string silo, string cause);

    [LoggerMessage(EventId = 183, Level = LogLevel.Warning, Message = "{Silo} follows a newer owner of {Shard}: {Cause}")]
    private static partial void LogStale(ILogger logger, Identity.ShardId shard, string silo, string cause);
}
