using System.Collections.Immutable;
using LatentDb.MemoryStore.Cluster;
using Npgsql;

namespace LatentDb.Silo.Cluster.Database;

/// <summary>
/// Looks at the tables every second and whenever the database tells of a change. When it does not answer, the last view stays: leases run out by
/// themselves, and nothing is taken from anybody on a guess.
/// </summary>
internal sealed partial class ClusterWatch(ClusterDatabase database, ClusterDatabaseOptions options, TimeProvider time, ILogger<ClusterWatch> logger)
    : IClusterView, IHostedLifecycleService, IDisposable
{
    private const string ReadSilos =
        "select name, incarnation, address, roles, is_draining, load from latentdb_silos where seen_at > clock_timestamp() - $1";

    private const string ReadShards =
        "select shard, case when lease_until > clock_timestamp() then owner end, incarnation, copies from latentdb_shards where shard < $1";

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly Lock _lock = new();
    private Task _looks = Task.CompletedTask;
    private Task _listening = Task.CompletedTask;
    private TaskCompletionSource _changed = New();
    private TaskCompletionSource _looked = New();
    private long _begun;
    private volatile ClusterView _current = ClusterView.Empty;

    /// <inheritdoc/>
    public string Self => options.SiloName;

    /// <inheritdoc/>
    public ClusterView Current => _current;

    /// <inheritdoc/>
    public async ValueTask<ClusterView> RefreshAsync(CancellationToken cancellationToken)
    {
        long wanted = Volatile.Read(ref _begun) + 1;
        while (true)
        {
            Task looked;
            lock (_lock) looked = _looked.Task;
            Wake();
            await looked.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (Volatile.Read(ref _begun) >= wanted) return Current;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ClusterView> WaitForAsync(long seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock) changed = _changed.Task;
            if (Current.Number > seen) return Current;
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes the first look, so that whoever starts afterwards has a view; the tables are there by then.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await LookAsync(cancellationToken).ConfigureAwait(false);
        _looks = Task.Run(LookLoopAsync, CancellationToken.None);
        _listening = Task.Run(ListenLoopAsync, CancellationToken.None);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        Wake();
        await _looks.ConfigureAwait(false);
        await _listening.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Dispose();
        _wake.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task LookLoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            using var woken = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            Task pause = Task.Delay(options.Poll, time, woken.Token);
            await Task.WhenAny(pause, _wake.WaitAsync(woken.Token)).ConfigureAwait(false);
            await woken.CancelAsync().ConfigureAwait(false);
            if (_stop.IsCancellationRequested) return;
            try
            {
                await LookAsync(_stop.Token).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // A background loop: the last view stays until a look succeeds.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (!_stop.IsCancellationRequested) LogBlind(logger, e);
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _begun);
        List<SiloMember> silos = await database.QueryAsync(
            ReadSilos,
            [options.DeadAfter],
            row => new SiloMember(row.GetString(0), row.GetGuid(1), row.GetString(2), (SiloRoles)row.GetInt32(3), row.GetBoolean(4), row.GetDouble(5)),
            options.DeadAfter,
            cancellationToken).ConfigureAwait(false);
        List<OwnedShard> shards = await database.QueryAsync(
            ReadShards,
            [options.Shards],
            row => new OwnedShard(row.GetInt32(0), row.IsDBNull(1) ? null : row.GetString(1), row.IsDBNull(2) ? default : row.GetGuid(2), row.GetFieldValue<string[]>(3)),
            options.DeadAfter,
            cancellationToken).ConfigureAwait(false);
        Show([.. silos.OrderBy(silo => silo.Name, StringComparer.Ordinal)], shards);
        TaskCompletionSource done;
        lock (_lock) (done, _looked) = (_looked, New());
        done.SetResult();
    }

    private void Show(ImmutableArray<SiloMember> silos, List<OwnedShard> shards)
    {
        var owners = new string?[options.Shards];
        var copies = new ImmutableArray<string>[options.Shards];
        Array.Fill(copies, []);
        foreach (OwnedShard shard in shards)
        {
            copies[shard.Shard] = [.. shard.Copies];

            // What an earlier process of that name held is nobody's until its time is over.
            if (silos.Any(silo => silo.Name == shard.Owner && silo.Incarnation == shard.Incarnation)) owners[shard.Shard] = shard.Owner;
        }

        lock (_lock)
        {
            ClusterView before = _current;
            bool isSame = before.Silos.SequenceEqual(silos) && before.Owners.SequenceEqual(owners) && copies.Index().All(c => c.Item.SequenceEqual(before.CopiesOf(c.Index)));
            if (before.Number > 0 && isSame) return;
            _current = new ClusterView(before.Number + 1, silos, [.. owners]) { Copies = copies.All(set => set.IsEmpty) ? [] : [.. copies] };
            (TaskCompletionSource told, _changed) = (_changed, New());
            told.SetResult();
        }
    }

    /// <summary>Without it a change is seen with the next poll; so a broken connection is made again at leisure.</summary>
    private async Task ListenLoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ListenAsync().ConfigureAwait(false);
            }
#pragma warning disable CA1031 // A background loop: polling goes on meanwhile.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (!_stop.IsCancellationRequested) LogDeaf(logger, e.Message);
            }

            await Task.Delay(options.Heartbeat, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ListenAsync()
    {
        NpgsqlConnection connection = await database.ConnectAsync(_stop.Token).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            connection.Notification += (_, _) => Wake();
            var listen = new NpgsqlCommand($"listen {ClusterDatabase.Channel}", connection);
            await using (listen.ConfigureAwait(false)) await listen.ExecuteNonQueryAsync(_stop.Token).ConfigureAwait(false);
            while (true) await connection.WaitAsync(_stop.Token).ConfigureAwait(false);
        }
    }

    private void Wake()
    {
        lock (_lock)
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
    }

    private sealed record OwnedShard(int Shard, string? Owner, Guid Incarnation, string[] Copies);

    [LoggerMessage(EventId = 520, Level = LogLevel.Warning, Message = "The cluster's tables could not be read; the last view stays.")]
    private static partial void LogBlind(ILogger logger, Exception cause);

    [LoggerMessage(EventId = 521, Level = LogLevel.Information, Message = "Changes of the cluster are seen by polling alone for a while: {Cause}")]
    private static partial void LogDeaf(ILogger logger, string cause);
}
