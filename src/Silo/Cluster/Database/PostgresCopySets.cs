using System.Collections.Immutable;
using LatentDb.MemoryStore;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Silo.Cluster.Database;

/// <summary>Sets of copies in the rows of the shards, beside their leases: a change names the term and the revision that it was decided upon.</summary>
internal sealed class PostgresCopySets(ClusterDatabase database, ClusterDatabaseOptions options) : ICopySets
{
    private const string ReadOne = "select copies, term, copies_revision, of_folder from latentdb_shards where shard = $1";

    private const string Change =
        """
        update latentdb_shards set copies = $4, copies_revision = copies_revision + 1, of_folder = false where shard = $1 and term = $2 and copies_revision = $3
        returning copies, term, copies_revision, of_folder, pg_notify('latentdb_cluster', '')::text
        """;

    private const string Resign =
        """
        update latentdb_shards set copies = array_remove(copies, $2), copies_revision = copies_revision + 1
        where shard = $1 and $2 = any(copies) and cardinality(copies) > 1
        """;

    private const string Promote =
        """
        update latentdb_shards set copies = array[$2], copies_revision = copies_revision + 1
        where ($1 < 0 or shard = $1) and cardinality(copies) > 0 and not ($2 = any(copies)) and (owner is null or lease_until < clock_timestamp())
        returning shard, pg_notify('latentdb_cluster', '')::text
        """;

    /// <summary>
    /// $2 and $3: from which shard to which; with $4 those that the database does not know yet are made. A term rises by one with each owner, so the seconds of the
    /// clock are above all that any copy has obeyed under this database or one that was lost.
    /// </summary>
    private const string Restored =
        """
        insert into latentdb_shards as s (shard, term, lease_until, copies, of_folder)
        select number, extract(epoch from clock_timestamp())::bigint, clock_timestamp(), array[$1], true from generate_series($2, $3) as number
        where $4 or exists (select 1 from latentdb_shards where shard = number)
        on conflict (shard) do update set
            copies = excluded.copies, copies_revision = s.copies_revision + 1, of_folder = true, term = greatest(s.term, excluded.term)
        where s.owner is null or s.lease_until < clock_timestamp()
        returning s.shard, pg_notify('latentdb_cluster', '')::text
        """;

    private TimeSpan Timeout => options.Lease / 4;

    /// <inheritdoc/>
    public async ValueTask<CopySet?> ReadAsync(ShardId shard, CancellationToken cancellationToken) =>
        (await database.QueryAsync(ReadOne, [shard.Value], Read, Timeout, cancellationToken).ConfigureAwait(false)).FirstOrDefault();

    /// <inheritdoc/>
    public async ValueTask<CopySet?> TryChangeAsync(ShardId shard, CopySet before, ImmutableArray<string> members, CancellationToken cancellationToken)
    {
        object[] values = [shard.Value, before.Term, before.Revision, members.ToArray()];
        return (await database.QueryAsync(Change, values, Read, Timeout, cancellationToken).ConfigureAwait(false)).FirstOrDefault();
    }

    /// <inheritdoc/>
    public async ValueTask ResignAsync(ShardId shard, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(Resign, [shard.Value, options.SiloName], Timeout, cancellationToken).ConfigureAwait(false);

    /// <summary>An operator's word that the copies that counted are gone for good: one silo's counts from now on, and what it lacks is lost.</summary>
    /// <param name="database">Of the cluster.</param>
    /// <param name="shard">Which one; null = all.</param>
    /// <param name="silo">Whose copy.</param>
    /// <param name="timeout">Of the statement.</param>
    /// <returns>The shards that were changed: those that nobody leases and whose set did not name the silo.</returns>
    /// <exception cref="LatentDbException">store_unavailable.</exception>
    public static Task<List<int>> PromoteAsync(ClusterDatabase database, int? shard, string silo, TimeSpan timeout) =>
        database.QueryAsync(Promote, [shard ?? -1, silo], row => row.GetInt32(0), timeout, CancellationToken.None);

    /// <summary>An operator's word that everything else is gone, and that what lies in one silo's folder is the truth.</summary>
    /// <param name="database">Of the cluster.</param>
    /// <param name="shard">Which one; null = all.</param>
    /// <param name="shards">How many the folder has; null = those that the database knows.</param>
    /// <param name="silo">Whose folder.</param>
    /// <param name="timeout">Of a statement.</param>
    /// <returns>The shards that were changed: those that nobody leases.</returns>
    /// <exception cref="LatentDbException">configuration_invalid when nobody says how many shards there are; store_unavailable.</exception>
    public static async Task<List<int>> RestoredAsync(ClusterDatabase database, int? shard, int? shards, string silo, TimeSpan timeout)
    {
        bool isTold = shard is not null || shards is not null;
        if (!isTold && (await database.QueryAsync("select 1 from latentdb_shards limit 1", [], row => 1, timeout, CancellationToken.None).ConfigureAwait(false)).Count == 0)
        {
            throw new LatentDbException(ErrorCode.ConfigurationInvalid, "The database knows no shards: say with --shards how many the folder has.");
        }

        int last = shard ?? ((shards ?? StoreLimits.MaxShards) - 1);
        return await database.QueryAsync(Restored, [silo, shard ?? 0, last, isTold], row => row.GetInt32(0), timeout, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>For a silo that keeps no copies: what it wrote alone could be lost by a promotion of another's copy.</summary>
    /// <exception cref="LatentDbException">configuration_invalid: shards of this cluster are copied; store_unavailable.</exception>
    public static async Task RequireNoneAsync(ClusterDatabase database, TimeSpan timeout, CancellationToken cancellationToken)
    {
        List<int> copied = await database.QueryAsync("select shard from latentdb_shards where cardinality(copies) > 0 order by shard limit 1", [], row => row.GetInt32(0), timeout, cancellationToken).ConfigureAwait(false);
        if (copied.Count == 0) return;
        throw new LatentDbException(ErrorCode.ConfigurationInvalid, $"Shards of this cluster are copied, {new ShardId(copied[0])} among them: a silo that owns shards must be started with the option Replication, as the others are.");
    }

    private static CopySet Read(Npgsql.NpgsqlDataReader row) => new([.. row.GetFieldValue<string[]>(0)], row.GetInt64(1), row.GetInt64(2)) { IsOfFolder = row.GetBoolean(3) };
}
