using System.Collections.Concurrent;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Silo.Cluster.Database;

/// <summary>
/// Leases in a table. Where shards are copied, only silos whose copies count get one. The database's clock says when one is over for others; the holder's own monotonic clock, counted from before it asked, says so
/// earlier. All leases of this process are renewed by one statement.
/// </summary>
/// <remarks>
/// A wall clock of the database that jumps ends leases early for others and not for the holder; then the shard's history of states keeps what is written
/// apart, and only a read of a head within the rest of the lease may be older than what the new owner has acknowledged.
/// </remarks>
internal sealed partial class PostgresShardLeases : IShardLeases, IAsyncDisposable
{
    private const int RenewalsPerLease = 4;

    /// <summary>Of a lease's time the holder counts upon so much: clocks of two machines do not run at quite the same speed.</summary>
    private const double Trust = 0.95;

    /// <summary>$5: this silo keeps no copies. It leaves a note that the shard is in its folder, and gets none that is copied.</summary>
    private const string Acquire =
        """
        insert into latentdb_shards as s (shard, owner, incarnation, term, lease_until, of_folder) values ($1, $2, $3, 1, clock_timestamp() + $4, $5)
        on conflict (shard) do update set owner = $2, incarnation = $3, term = s.term + 1, lease_until = clock_timestamp() + $4, of_folder = s.of_folder or $5
        where (s.owner is null or s.lease_until < clock_timestamp() or (s.owner = $2 and s.incarnation = $3)) and (cardinality(s.copies) = 0 or ($2 = any(s.copies) and not $5))
        returning term, pg_notify('latentdb_cluster', '')::text
        """;

    private const string Renew =
        """
        update latentdb_shards s set lease_until = clock_timestamp() + $3
        from unnest($4, $5) as mine(shard, term)
        where s.shard = mine.shard and s.term = mine.term and s.owner = $1 and s.incarnation = $2 and s.lease_until > clock_timestamp()
        returning s.shard
        """;

    private const string Release =
        """
        with released as (update latentdb_shards set owner = null, lease_until = clock_timestamp() where shard = $1 and term = $2 and owner = $3 and incarnation = $4 returning shard)
        select pg_notify('latentdb_cluster', '')::text from released
        """;

    private readonly ClusterDatabase _database;
    private readonly ClusterDatabaseOptions _options;
    private readonly Guid _incarnation;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<ShardId, PostgresShardLease?> _held = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewals;

    public PostgresShardLeases(ClusterDatabase database, ClusterDatabaseOptions options, SiloIncarnation incarnation, TimeProvider time, ILogger<PostgresShardLeases> logger)
    {
        _database = database;
        _options = options;
        _incarnation = incarnation.Value;
        _time = time;
        _logger = logger;
        _renewals = Task.Run(RenewLoopAsync, CancellationToken.None);
    }

    private TimeSpan Timeout => _options.Lease / RenewalsPerLease;

    /// <inheritdoc/>
    public async ValueTask<ShardLease?> TryAcquireAsync(ShardId shard, CancellationToken cancellationToken)
    {
        // The table would give it to this process again: an answer may have been lost. Whether it has it is known here.
        if (!_held.TryAdd(shard, null)) return null;
        PostgresShardLease? lease = null;
        try
        {
            long askedAt = _time.GetTimestamp();
            List<long> terms = await _database.QueryAsync(
                Acquire, [shard.Value, _options.SiloName, _incarnation, _options.Lease, !_options.HasCopies], row => row.GetInt64(0), Timeout, cancellationToken).ConfigureAwait(false);
            if (terms.Count > 0) lease = new PostgresShardLease(this, shard, terms[0], _time, _options.Lease * Trust, askedAt);
            return lease;
        }
        finally
        {
            if (lease is null) _held.TryRemove(shard, out _);
            else _held[shard] = lease;
        }
    }

    /// <summary>Gives a lease back; when the database does not answer it runs out by itself.</summary>
    public async Task ReleaseAsync(PostgresShardLease lease, bool wasHeld)
    {
        _held.TryRemove(KeyValuePair.Create(lease.Shard, (PostgresShardLease?)lease));
        if (!wasHeld) return;
        try
        {
            await _database.ExecuteAsync(Release, [lease.Shard.Value, lease.Term, _options.SiloName, _incarnation], Timeout, CancellationToken.None).ConfigureAwait(false);
        }
        catch (LatentDbException e)
        {
            LogNotReleased(_logger, lease.Shard, e.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _renewals.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RenewLoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(_options.Lease / RenewalsPerLease, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stop.IsCancellationRequested) return;
            await RenewAsync().ConfigureAwait(false);
            foreach (PostgresShardLease lease in Held().Where(lease => !lease.IsHeld)) await ForgetAsync(lease).ConfigureAwait(false);
        }
    }

    private async Task RenewAsync()
    {
        PostgresShardLease[] leases = [.. Held()];
        if (leases.Length == 0) return;
        try
        {
            long askedAt = _time.GetTimestamp();
            int[] shards = [.. leases.Select(lease => lease.Shard.Value)];
            long[] terms = [.. leases.Select(lease => lease.Term)];
            List<int> renewed = await _database.QueryAsync(
                Renew, [_options.SiloName, _incarnation, _options.Lease, shards, terms], row => row.GetInt32(0), Timeout, _stop.Token).ConfigureAwait(false);
            foreach (PostgresShardLease lease in leases)
            {
                if (renewed.Contains(lease.Shard.Value)) lease.Renewed(askedAt);
                else await ForgetAsync(lease).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // A background loop: whatever hindered this renewal, the leases run out by their own clock unless the next one succeeds.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (!_stop.IsCancellationRequested) LogNotRenewed(_logger, leases.Length, e);
        }
    }

    private IEnumerable<PostgresShardLease> Held() => _held.Values.OfType<PostgresShardLease>();

    private async Task ForgetAsync(PostgresShardLease lease)
    {
        // Released at this moment, or lost: in both cases it is over.
        if (!_held.TryRemove(KeyValuePair.Create(lease.Shard, (PostgresShardLease?)lease))) return;
        await lease.LoseAsync().ConfigureAwait(false);
        LogLost(_logger, lease.Shard, lease.Term);
    }

    [LoggerMessage(EventId = 500, Level = LogLevel.Warning, Message = "The lease of {Shard}, term {Term}, was lost.")]
    private static partial void LogLost(ILogger logger, ShardId shard, long term);

    [LoggerMessage(EventId = 501, Level = LogLevel.Warning, Message = "{Leases} leases could not be renewed; they end by themselves unless the next try succeeds.")]
    private static partial void LogNotRenewed(ILogger logger, int leases, Exception cause);

    [LoggerMessage(EventId = 502, Level = LogLevel.Warning, Message = "The lease of {Shard} could not be given back and runs out by itself: {Cause}")]
    private static partial void LogNotReleased(ILogger logger, ShardId shard, string cause);
}

/// <summary>A number of this process alone: what an earlier one of the same name held is not its own.</summary>
internal sealed class SiloIncarnation
{
    public Guid Value { get; } = Guid.NewGuid();
}
