using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Cluster.Database;

/// <summary>This silo's row in the table of silos: made at start, touched while it lives, gone when it stops.</summary>
internal sealed partial class ClusterMembership(
    ClusterDatabase database, ClusterDatabaseOptions options, SiloIncarnation incarnation, TimeProvider time, ILogger<ClusterMembership> logger) : IHostedLifecycleService, IDisposable
{
    /// <summary>A name is taken over from an earlier process at once: that one finds another incarnation in its row and takes nothing back.</summary>
    private const string Join =
        """
        insert into latentdb_silos (name, incarnation, address, roles, is_draining, load, seen_at) values ($1, $2, $3, $4, $5, $6, clock_timestamp())
        on conflict (name) do update set incarnation = $2, address = $3, roles = $4, is_draining = $5, load = $6, seen_at = clock_timestamp()
        returning pg_notify('latentdb_cluster', '')::text
        """;

    private const string Touch =
        "update latentdb_silos set is_draining = $3, load = $4, seen_at = clock_timestamp() where name = $1 and incarnation = $2 returning 1";

    private const string Leave =
        """
        with gone as (delete from latentdb_silos where name = $1 and incarnation = $2 returning name)
        select pg_notify('latentdb_cluster', '')::text from gone
        """;

    private readonly CancellationTokenSource _stop = new();
    private Task _beats = Task.CompletedTask;
    private volatile bool _isDraining;
    private double _load;

    /// <summary>Requests that use or wait for the model, over the places for them; told to the others with the next heartbeat.</summary>
    public double Load
    {
        get => Volatile.Read(ref _load);
        set => Volatile.Write(ref _load, value);
    }

    /// <summary>True once another process has started under this silo's name: this one is not a member any more.</summary>
    public bool IsReplaced { get; private set; }

    /// <summary>Tells the others that this silo takes nothing new.</summary>
    /// <exception cref="LatentDbException">store_unavailable: they learn it from a later heartbeat, or from their end.</exception>
    public Task DrainAsync(CancellationToken cancellationToken)
    {
        _isDraining = true;
        return JoinAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.Migrates)
        {
            int steps = await ClusterSchema.MigrateAsync(database, options.MoreTables, cancellationToken).ConfigureAwait(false);
            LogMigrated(logger, steps);
        }

        await ClusterSchema.CheckAsync(database, cancellationToken).ConfigureAwait(false);
        if (!options.HasAccess) await AccessTable.RequireUnusedAsync(database, options.DeadAfter, cancellationToken).ConfigureAwait(false);
        if (!options.HasCopies && options.Roles.HasFlag(SiloRoles.Store)) await PostgresCopySets.RequireNoneAsync(database, options.DeadAfter, cancellationToken).ConfigureAwait(false);
        if (options.CopiesFolder is string folder) await ClusterMark.RequireAsync(database, folder, options.DeadAfter, cancellationToken).ConfigureAwait(false);
        await JoinAsync(cancellationToken).ConfigureAwait(false);
        _beats = Task.Run(BeatLoopAsync, CancellationToken.None);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Leaves, after everything else has stopped.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _beats.ConfigureAwait(false);
        try
        {
            await database.ExecuteAsync(Leave, [options.SiloName, incarnation.Value], options.Heartbeat, cancellationToken).ConfigureAwait(false);
        }
        catch (LatentDbException e)
        {
            LogNotLeft(logger, e.Message);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private Task JoinAsync(CancellationToken cancellationToken) => database.ExecuteAsync(
        Join, [options.SiloName, incarnation.Value, options.Address, (int)options.Roles, _isDraining, Load], options.DeadAfter, cancellationToken);

    private async Task BeatLoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(options.Heartbeat, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stop.IsCancellationRequested || IsReplaced) return;
            try
            {
                List<int> touched = await database.QueryAsync(
                    Touch, [options.SiloName, incarnation.Value, _isDraining, Load], row => row.GetInt32(0), options.Heartbeat, _stop.Token).ConfigureAwait(false);
                if (touched.Count == 0) await RejoinAsync().ConfigureAwait(false);
            }
#pragma warning disable CA1031 // A background loop: whatever hindered this heartbeat, the next one is due soon.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (!_stop.IsCancellationRequested) LogNotSeen(logger, e);
            }
        }
    }

    /// <summary>The row is gone, or is another process's: only the first may be made again.</summary>
    private async Task RejoinAsync()
    {
        List<Guid> rows = await database.QueryAsync(
            "select incarnation from latentdb_silos where name = $1", [options.SiloName], row => row.GetGuid(0), options.Heartbeat, _stop.Token).ConfigureAwait(false);
        if (rows.Count == 0)
        {
            await JoinAsync(_stop.Token).ConfigureAwait(false);
            return;
        }

        IsReplaced = rows[0] != incarnation.Value;
        if (IsReplaced) LogReplaced(logger, options.SiloName);
    }

    [LoggerMessage(EventId = 510, Level = LogLevel.Information, Message = "Made {Steps} steps of the cluster's tables.")]
    private static partial void LogMigrated(ILogger logger, int steps);

    [LoggerMessage(EventId = 511, Level = LogLevel.Warning, Message = "A heartbeat did not reach the cluster's database.")]
    private static partial void LogNotSeen(ILogger logger, Exception cause);

    [LoggerMessage(EventId = 512, Level = LogLevel.Error, Message = "Another process has started as {Silo}: this one is not a member of the cluster any more. Give each a name of its own, or stop this one.")]
    private static partial void LogReplaced(ILogger logger, string silo);

    [LoggerMessage(EventId = 513, Level = LogLevel.Warning, Message = "This silo could not take its name off the list and counts as dead later: {Cause}")]
    private static partial void LogNotLeft(ILogger logger, string cause);
}
