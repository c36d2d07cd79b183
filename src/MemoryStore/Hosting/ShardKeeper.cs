using System.Collections.Immutable;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Replication;
using LatentDb.MemoryStore.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Hosting;

/// <summary>Compares the shards that this silo has with those that it should have, and brings the one to the other: takes what is free, hands over what is another's.</summary>
/// <remarks>Each shard goes its own way, one step at a time; a slow one holds up nobody but those that wait for a place to be opened.</remarks>
public sealed partial class ShardKeeper : IHostedService, IAsyncDisposable
{
    private readonly MemoryStoreService _store;
    private readonly IShardLeases _leases;
    private readonly IClusterView _view;
    private readonly IShardUsers[] _users;
    private readonly ShardKeeperOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ReplicationHost? _replication;
    private readonly KeptShard[] _shards;
    private readonly SemaphoreSlim _openings;
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private Task _removal = Task.CompletedTask;
    private bool _isStopped;

    public ShardKeeper(
        MemoryStoreService store, IShardLeases leases, IClusterView view, IEnumerable<IShardUsers> users, ShardKeeperOptions options, TimeProvider time, ILogger<ShardKeeper> logger, ReplicationHost? replication = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _store = store;
        _leases = leases;
        _view = view;
        _users = [.. users];
        _options = options;
        _time = time;
        _logger = logger;
        _replication = replication;
        _shards = [.. Enumerable.Range(0, options.Shards).Select(i => new KeptShard(new ShardId(i)))];
        _openings = new SemaphoreSlim(options.MaxOpenings);
    }

    /// <summary>Shards that are open here under a lease, by number.</summary>
    public ImmutableArray<ShardId> Held => [.. _shards.Where(shard => shard.Lease is { IsHeld: true } && shard.IsOpen).Select(shard => shard.Id)];

    /// <summary>True once every shard that this silo should have is open, or its opening was tried.</summary>
    public bool HasSettled { get; private set; }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        ClusterMetrics.Announce();
        if (_replication is not null) await _replication.ResignAsync(cancellationToken).ConfigureAwait(false);
        _loop = Task.Run(LoopAsync, CancellationToken.None);
        if (_replication is not null) _removal = Task.Run(() => _replication.RemoveUnwantedAsync(_stop.Token), CancellationToken.None);
    }

    /// <summary>Hands all shards over; others take them at once. What is on its way is committed first.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_isStopped) return;
        _isStopped = true;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await _removal.ConfigureAwait(false);
        await Task.WhenAll(_shards.Select(shard => shard.Step)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_shards.Where(shard => shard.Lease is not null).Select(shard => HandOverAsync(shard, cancellationToken))).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        _stop.Dispose();
        _openings.Dispose();
    }

    private async Task LoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            ClusterView view = _view.Current;
            Look(view);
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            Task pause = Task.Delay(_options.Pause, _time, waiting.Token);
            await Task.WhenAny(pause, _view.WaitForAsync(view.Number, waiting.Token).AsTask()).ConfigureAwait(false);
            await waiting.CancelAsync().ConfigureAwait(false);
        }
    }

    private void Look(ClusterView view)
    {
        ImmutableArray<string?> should = ShardAssignment.Of(view, _shards.Length);
        foreach (KeptShard shard in _shards.Where(shard => shard.Step.IsCompleted))
        {
            bool isOurs = should[shard.Id.Value] == _view.Self;
            string? owner = shard.Id.Value < view.Owners.Length ? view.Owners[shard.Id.Value] : null;
            shard.Note(isFree: owner is null, _time.GetTimestamp());
            if (shard.Lease is ShardLease lease)
            {
                bool isServed = lease.IsHeld && _store.IsServing(shard.Id);
                if (!isServed) shard.Step = CloseAsync(shard);
                else if (!isOurs && should[shard.Id.Value] is not null) shard.Step = HandOverAsync(shard, _stop.Token);
            }
            else if (isOurs && (owner is null || owner == _view.Self) && _time.GetTimestamp() >= shard.NotBefore)
            {
                shard.Step = TakeAsync(shard);
            }
        }

        ClusterMetrics.Owned(Held.Length);
        HasSettled |= view.Number > 0 && _shards.All(shard => should[shard.Id.Value] != _view.Self || shard.IsOpen || shard.Failures > 0);
    }

    private async Task TakeAsync(KeptShard shard)
    {
        ShardLease? lease = null;
        try
        {
            await _openings.WaitAsync(_stop.Token).ConfigureAwait(false);
            try
            {
                lease = await _leases.TryAcquireAsync(shard.Id, _stop.Token).ConfigureAwait(false);
                if (lease is null) return;
                await _store.OpenShardAsync(lease, _stop.Token).ConfigureAwait(false);
            }
            finally
            {
                _openings.Release();
            }

            shard.Opened(lease);
            foreach (IShardUsers users in _users) users.Enter(shard.Id);
            ClusterMetrics.Opened(isOpen: true, _time.GetElapsedTime(shard.FreeSince));
            LogTaken(_logger, shard.Id, lease.Term);
        }
#pragma warning disable CA1031 // One shard of many: whatever hindered its opening, another silo or a later try may succeed.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (lease is not null) await lease.DisposeAsync().ConfigureAwait(false);
            if (_stop.IsCancellationRequested) return;
            shard.Failed(_time, _options.MaxRetryPause);
            ClusterMetrics.Opened(isOpen: false, TimeSpan.Zero);
            LogNotTaken(_logger, shard.Id, e);
        }
    }

    private async Task HandOverAsync(KeptShard shard, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using ITimer limit = _time.CreateTimer(_ => limited.Cancel(), null, _options.LeaveLimit, Timeout.InfiniteTimeSpan);
        foreach (IShardUsers users in _users)
        {
            try
            {
                await users.LeaveAsync(shard.Id, limited.Token).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Turns that do not end in time find their commit refused; the hand-over goes on.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogNotLeft(_logger, shard.Id, e.Message);
            }
        }

        await GiveBackAsync(shard).ConfigureAwait(false);
        ClusterMetrics.HandedOver();
        LogHandedOver(_logger, shard.Id);
    }

    /// <summary>The lease is lost, or the shard found another owner: nothing waits for turns that can commit nothing.</summary>
    private async Task CloseAsync(KeptShard shard)
    {
        LogLost(_logger, shard.Id);
        ClusterMetrics.LeaseLost();
        using var now = new CancellationTokenSource();
        await now.CancelAsync().ConfigureAwait(false);
        foreach (IShardUsers users in _users)
        {
            try
            {
                await users.LeaveAsync(shard.Id, now.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // As asked: nobody waits.
            }
        }

        await GiveBackAsync(shard).ConfigureAwait(false);
    }

    /// <summary>In this order: when the lease is free, nothing more is written.</summary>
    private async Task GiveBackAsync(KeptShard shard)
    {
        ShardLease lease = shard.Lease!;
        bool isQuiet = await _store.CloseShardAsync(shard.Id).ConfigureAwait(false);
        shard.Closed();
        if (isQuiet) await lease.DisposeAsync().ConfigureAwait(false);
    }

    [LoggerMessage(EventId = 170, Level = LogLevel.Information, Message = "This silo has {Shard}, term {Term}.")]
    private static partial void LogTaken(ILogger logger, ShardId shard, long term);

    [LoggerMessage(EventId = 171, Level = LogLevel.Warning, Message = "{Shard} could not be opened here; it is tried again later.")]
    private static partial void LogNotTaken(ILogger logger, ShardId shard, Exception cause);

    [LoggerMessage(EventId = 172, Level = LogLevel.Information, Message = "{Shard} was handed over.")]
    private static partial void LogHandedOver(ILogger logger, ShardId shard);

    [LoggerMessage(EventId = 173, Level = LogLevel.Warning, Message = "{Shard} is lost: its lease is over, or another silo has opened it.")]
    private static partial void LogLost(ILogger logger, ShardId shard);

    [LoggerMessage(EventId = 174, Level = LogLevel.Warning, Message = "Turns of {Shard} still ran when it was handed over: {Cause}")]
    private static partial void LogNotLeft(ILogger logger, ShardId shard, string cause);
}
