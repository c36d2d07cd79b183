using System.Collections.Immutable;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.Telemetry;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Replication.Mirrors;

/// <summary>
/// The owner's side of a shard's copies for the time of one lease: the disk whose changes are sent, the followers, the set of those that count, and the wait
/// for them.
/// </summary>
/// <remarks>
/// What is acknowledged is on every member of the set: a member is waited for from before the set names it until after the set does not. So whoever of the
/// set takes the lease has it. Silos that are not in the set cannot take the lease, and the set cannot be changed any more once somebody else has it.
/// </remarks>
internal sealed partial class ShardMirror : IAsyncDisposable
{
    private readonly ReplicationHost _host;
    private readonly ShardLease _lease;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, MirrorCopy> _copies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FollowerLink> _links = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenRegistration _lost;
    private readonly Task _loop;
    private TaskCompletionSource _changed = New();
    private CopySet _set;
    private string? _joining;
    private LatentDbException? _failure;
    private long _servableFrom = long.MaxValue;
    private bool _isOpened;
    private bool _isUnsure;
    private int _isDisposed;

    /// <param name="host">Of this silo.</param>
    /// <param name="lease">The right to the shard; the owner's.</param>
    /// <param name="set">As it was when the lease was taken.</param>
    /// <param name="disk">Where the shard lies.</param>
    /// <param name="root">Its folder.</param>
    public ShardMirror(ReplicationHost host, ShardLease lease, CopySet set, IDisk disk, string root)
    {
        _host = host;
        _lease = lease;
        _set = set;
        Disk = new MirrorDisk(disk, root, new ChangeQueue(host.Options.MaxLagBytes, host.Time));
        _lost = lease.Lost.Register(() => Fail(new LatentDbException(ErrorCode.StaleOwner, $"The lease of {lease.Shard} was lost.")));
        _loop = Task.Run(LoopAsync, CancellationToken.None);
    }

    public MirrorDisk Disk { get; }

    /// <summary>Taken while a follower is filled.</summary>
    public SemaphoreSlim Filling { get; } = new(1, 1);

    public ShardId Shard => _lease.Shard;

    public long Term => _lease.Term;

    /// <summary>Of this object alone: numbers of its queue mean nothing to another one's followers.</summary>
    public Guid Session { get; } = Guid.NewGuid();

    public ISiloLinks Links => _host.Links;

    public TimeProvider Time => _host.Time;

    public ILogger Logger => _host.Logger;

    /// <summary>The copies that count now.</summary>
    public ImmutableArray<string> Members
    {
        get
        {
            lock (_lock) return _set.Members;
        }
    }

    /// <summary>What the follower that is furthest behind has not confirmed; of those that have a copy.</summary>
    public long LagBytes => Slowest() is long confirmed ? Disk.Queue.BytesBehind(confirmed) : 0;

    /// <summary>Since when it has not; zero when it has everything.</summary>
    public TimeSpan Lag => Slowest() is long confirmed ? Disk.Queue.TimeBehind(confirmed) : TimeSpan.Zero;

    /// <summary>False until the opened shard is what all that count have: until then nothing of it is told to anybody.</summary>
    public bool IsServable
    {
        get
        {
            lock (_lock)
            {
                if (_servableFrom != long.MaxValue && IsConfirmed(_servableFrom)) _servableFrom = long.MinValue;
                return _servableFrom == long.MinValue;
            }
        }
    }

    /// <summary>The shard was opened: what is there now is what may be served once the others have it.</summary>
    public void Opened()
    {
        lock (_lock) (_servableFrom, _isOpened) = (IsWaiting ? Disk.Queue.Next : long.MinValue, true);
        Wake();
    }

    /// <summary>Returns when everything that was done so far is on all copies that count, and these are enough; at once when nobody waits for followers.</summary>
    /// <exception cref="LatentDbException">not_enough_copies, stale_owner: whether it will be there later is not known.</exception>
    public async ValueTask ConfirmedAsync()
    {
        if (!IsWaiting) return;
        long position = Disk.Queue.Next;
        long since = Time.GetTimestamp();
        while (true)
        {
            Task changed;
            bool isConfirmed;
            lock (_lock)
            {
                if (_failure is not null) throw new LatentDbException(_failure.Code, _failure.Message, _failure);
                isConfirmed = IsConfirmed(position);
                changed = _changed.Task;
            }

            if (isConfirmed)
            {
                ReplicationMetrics.Confirmed(Time.GetElapsedTime(since));
                return;
            }

            TimeSpan left = ConfirmLimit - Time.GetElapsedTime(since);
            if (left <= TimeSpan.Zero) throw NotEnough();
            await changed.WaitAsync(left, Time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <exception cref="LatentDbException">not_enough_copies: nothing was done.</exception>
    public void RequireEnough()
    {
        if (!IsWaiting) return;
        lock (_lock)
        {
            if (_set.Members.Length < _host.Options.MinInSync) throw NotEnough();
        }
    }

    /// <summary>A follower has told how far it is; called by its link.</summary>
    public void Heard(MirrorCopy copy, long confirmed)
    {
        if (confirmed != MirrorCopy.Nothing) copy.MustLeave = false;
        copy.Confirmed = confirmed;
        copy.AliveAt = Time.GetTimestamp();
        Tell();
    }

    /// <summary>Returns when the follower is not in the set; called by its link before it is filled.</summary>
    public async Task LeaveAsync(MirrorCopy copy, CancellationToken cancellationToken)
    {
        copy.MustLeave = true;
        Wake();
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (!_set.Members.Contains(copy.Name, StringComparer.Ordinal) && _joining != copy.Name) return;
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Somebody else has the shard: whoever waits is told, and nothing is confirmed any more.</summary>
    public void Fail(LatentDbException failure)
    {
        lock (_lock) _failure ??= failure;
        Tell();
    }

    /// <summary>Waits a little for followers that are nearly there, so that a hand-over loses nothing; in quorum mode there is nothing to wait for.</summary>
    public async Task SettleAsync()
    {
        long position = Disk.Queue.Next;
        long since = Time.GetTimestamp();
        while (Time.GetElapsedTime(since) < _host.Options.DropAfter)
        {
            Task changed;
            lock (_lock)
            {
                if (_failure is not null || _copies.Values.Where(c => c.IsCopy && c.IsAttached).All(c => c.Confirmed >= position)) return;
                changed = _changed.Task;
            }

            await changed.WaitAsync(ReplicationLimits.Pause, Time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Fail(new LatentDbException(ErrorCode.StaleOwner, $"{Shard} was given up."));
        _host.Forget(this);
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await _lost.DisposeAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        foreach (FollowerLink link in _links.Values) await link.DisposeAsync().ConfigureAwait(false);
        Filling.Dispose();
        _stop.Dispose();
    }

    /// <summary>Nothing is written to the folder any more: another owner's changes may be.</summary>
    public void Release() => _host.Folders.Of(Shard).Release(Term);

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool IsWaiting => _host.Options.Mode == ReplicationMode.Quorum;

    /// <summary>A follower is silent, is taken out, and the rest confirms.</summary>
    private TimeSpan ConfirmLimit => 2 * _host.Options.DropAfter;

    private LatentDbException NotEnough() =>
        new(ErrorCode.NotEnoughCopies, $"{Shard} has {_set.Members.Length} copies in sync and needs {_host.Options.MinInSync} that confirm.") { RetryAfter = ReplicationLimits.RetryAfter };

    /// <summary>What the follower that is furthest behind has confirmed; null without followers.</summary>
    private long? Slowest()
    {
        lock (_lock) return _copies.Values.Where(copy => copy.IsCopy).Select(copy => (long?)copy.Confirmed).Min();
    }

    private bool IsConfirmed(long position)
    {
        if (!IsWaiting) return true;
        if (_set.Members.Length < _host.Options.MinInSync || !_set.Members.Contains(_host.Self, StringComparer.Ordinal)) return false;
        if (_joining is not null && _copies[_joining].Confirmed < position) return false;
        foreach (string member in _set.Members)
        {
            if (member != _host.Self && !(_copies.TryGetValue(member, out MirrorCopy? copy) && copy.Confirmed >= position)) return false;
        }

        return true;
    }

    private void Tell()
    {
        TaskCompletionSource changed;
        lock (_lock) (changed, _changed) = (_changed, New());
        changed.SetResult();
        Wake();
    }

    private void Wake()
    {
        lock (_lock)
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
    }

    private async Task LoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await LinkAsync().ConfigureAwait(false);
                await ChangeSetAsync().ConfigureAwait(false);
            }
#pragma warning disable CA1031 // A background loop: whatever hindered this look, the next one is due soon; until then the set stays, and writes wait for all of it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (_stop.IsCancellationRequested) return;
                LogUnchanged(Logger, Shard, e.Message);
            }

            using var pause = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            await Task.WhenAny(Task.Delay(ReplicationLimits.Pause, Time, pause.Token), _wake.WaitAsync(pause.Token)).ConfigureAwait(false);
            await pause.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A link to each silo that should have a copy or has one.</summary>
    private async Task LinkAsync()
    {
        ImmutableArray<SiloMember> wanted = _host.FollowersOf(Shard, Members);
        foreach (FollowerLink gone in _links.Values.Where(link => !wanted.Any(silo => silo.Name == link.Copy.Name && silo.Address == link.Address)).ToList())
        {
            _links.Remove(gone.Copy.Name);
            await gone.DisposeAsync().ConfigureAwait(false);
        }

        foreach (SiloMember silo in wanted.Where(silo => !_links.ContainsKey(silo.Name)))
        {
            MirrorCopy copy;
            lock (_lock)
            {
                if (!_copies.TryGetValue(silo.Name, out copy!)) _copies.Add(silo.Name, copy = new MirrorCopy(silo.Name) { AliveAt = Time.GetTimestamp() });
            }

            _links.Add(silo.Name, new FollowerLink(this, copy, silo.Address));
        }
    }

    private async Task ChangeSetAsync()
    {
        if (!_isOpened || _failure is not null) return;
        if (_isUnsure) await SettleSetAsync().ConfigureAwait(false);
        if (_isUnsure) return;
        CopySet now;
        lock (_lock) now = _set;
        ImmutableArray<string> next = CopySetRules.Next(now.Members, _host.Self, Followers(), _host.KeptWhenSilent, _host.Options.Copies);
        string? comes = next.FirstOrDefault(name => name != _host.Self && !now.Members.Contains(name, StringComparer.Ordinal));
        if (comes != _joining && _joining is not null) Show(now);
        if (next.SequenceEqual(now.Members) || (comes is not null && !IsCaughtUp(comes))) return;
        _isUnsure = true;
        CopySet? changed = await _host.Sets.TryChangeAsync(Shard, now, next, _stop.Token).ConfigureAwait(false);
        if (changed is null) return;
        _isUnsure = false;
        Show(changed);
    }

    /// <summary>From the first call on the follower is waited for; true once it has all that was acknowledged without it.</summary>
    private bool IsCaughtUp(string name)
    {
        lock (_lock)
        {
            MirrorCopy copy = _copies[name];
            if (_joining != name) (_joining, copy.JoinAt) = (name, Disk.Queue.Next);
            return copy.Confirmed >= copy.JoinAt;
        }
    }

    /// <summary>
    /// A change was refused, or its answer was lost: then it may still be made, at any time. The set is read and written again as it is, and whatever was
    /// decided on an older revision can never be made afterwards.
    /// </summary>
    private async Task SettleSetAsync()
    {
        CopySet? read = await _host.Sets.ReadAsync(Shard, _stop.Token).ConfigureAwait(false);
        if (read is null || read.Term != Term)
        {
            Fail(new LatentDbException(ErrorCode.StaleOwner, $"Another owner has the lease of {Shard}."));
            return;
        }

        if (await _host.Sets.TryChangeAsync(Shard, read, read.Members, _stop.Token).ConfigureAwait(false) is not CopySet settled) return;
        _isUnsure = false;
        Show(settled);
    }

    private void Show(CopySet set)
    {
        bool isNew;
        lock (_lock)
        {
            isNew = !_set.Members.SequenceEqual(set.Members);
            (_set, _joining) = (set, null);
        }

        if (isNew) LogSet(Logger, Shard, set);
        Tell();
    }

    private List<FollowerState> Followers()
    {
        long next = Disk.Queue.Next;
        ImmutableArray<SiloMember> wanted = _host.WantedOf(Shard);
        lock (_lock)
        {
            var states = new List<FollowerState>(_copies.Count);
            foreach (MirrorCopy copy in _copies.Values)
            {
                if (copy.IsAttached && copy.Confirmed >= next) copy.AliveAt = Time.GetTimestamp();
                bool isSilent = Time.GetElapsedTime(copy.AliveAt) > _host.Options.DropAfter;
                states.Add(new FollowerState(copy.Name, copy.IsCopy && copy.IsAttached, isSilent, wanted.Any(silo => silo.Name == copy.Name), copy.MustLeave));
            }

            return states;
        }
    }

    [LoggerMessage(EventId = 184, Level = LogLevel.Information, Message = "Copies of {Shard} that count: {Members}.")]
    private static partial void LogSet(ILogger logger, ShardId shard, CopySet members);

    [LoggerMessage(EventId = 185, Level = LogLevel.Warning, Message = "The set of copies of {Shard} could not be changed: {Cause}")]
    private static partial void LogUnchanged(ILogger logger, ShardId shard, string cause);
}
