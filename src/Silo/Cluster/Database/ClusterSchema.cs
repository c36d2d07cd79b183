using LatentDb.MemoryStore.Errors;
using Npgsql;

namespace LatentDb.Silo.Cluster.Database;

/// <summary>The tables of the cluster's database, made in steps: each runs once, in order, in one transaction with the note that it ran.</summary>
internal static class ClusterSchema
{
    /// <summary>Any number that nobody else takes: two that migrate at once wait for each other. "LDBC" in ASCII.</summary>
    private const long Lock = 0x4c444243;

    private static readonly string[] Steps =
    [
        """
        create table latentdb_silos (
            name text primary key,
            incarnation uuid not null,
            address text not null,
            roles integer not null,
            is_draining boolean not null,
            load double precision not null,
            seen_at timestamptz not null
        );
        create table latentdb_shards (
            shard integer primary key,
            owner text,
            incarnation uuid,
            term bigint not null,
            lease_until timestamptz not null
        );
        """,
        """
        create table latentdb_access (
            is_only boolean primary key default true check (is_only),
            revision bigint not null,
            content bytea not null,
            changed_at timestamptz not null
        );
        """,
        """
        alter table latentdb_shards
            add column copies text[] not null default '{}',
            add column copies_revision bigint not null default 0;
        """,

        // Shards that were leased until now and have no copies lie in the folder that all share.
        """
        alter table latentdb_shards add column of_folder boolean not null default false;
        update latentdb_shards set of_folder = cardinality(copies) = 0;
        """,

        // Folders of copies note it, and so tell a database that has come in the place of theirs.
        """
        create table latentdb_cluster (
            is_only boolean primary key default true check (is_only),
            id uuid not null
        );
        insert into latentdb_cluster (id) values (gen_random_uuid());
        """,
    ];

    /// <summary>As the other, with nothing of others.</summary>
    /// <exception cref="LatentDbException">store_unavailable; unsupported_format when a newer program has been here.</exception>
    public static Task<int> MigrateAsync(ClusterDatabase database, CancellationToken cancellationToken) => MigrateAsync(database, [], cancellationToken);

    /// <summary>Makes what is missing; nothing happens when all is there. Safe to be run by any number of silos at once.</summary>
    /// <param name="database">The cluster's.</param>
    /// <param name="more">Statements of others, which may be run any number of times.</param>
    /// <param name="cancellationToken">Nothing is made when it is cancelled before the end.</param>
    /// <returns>Steps that were made now.</returns>
    /// <exception cref="LatentDbException">store_unavailable; unsupported_format when a newer program has been here.</exception>
    public static async Task<int> MigrateAsync(ClusterDatabase database, IReadOnlyList<string> more, CancellationToken cancellationToken)
    {
        try
        {
            NpgsqlConnection connection = await database.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
                await using (transaction.ConfigureAwait(false))
                {
                    await RunAsync(connection, $"select pg_advisory_xact_lock({Lock})", cancellationToken).ConfigureAwait(false);
                    await RunAsync(connection, "create table if not exists latentdb_schema (version integer primary key, applied_at timestamptz not null)", cancellationToken).ConfigureAwait(false);
                    int version = await VersionAsync(connection, cancellationToken).ConfigureAwait(false);
                    if (version > Steps.Length) throw Newer(version);
                    for (int step = version; step < Steps.Length; step++)
                    {
                        await RunAsync(connection, Steps[step], cancellationToken).ConfigureAwait(false);
                        await RunAsync(connection, $"insert into latentdb_schema values ({step + 1}, clock_timestamp())", cancellationToken).ConfigureAwait(false);
                    }

                    foreach (string script in more) await RunAsync(connection, script, cancellationToken).ConfigureAwait(false);
                    await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                    return Steps.Length - version;
                }
            }
        }
        catch (NpgsqlException e)
        {
            throw ClusterDatabase.Unavailable(e);
        }
    }

    /// <exception cref="LatentDbException">configuration_invalid when the tables are not there or not of this program's version; store_unavailable.</exception>
    public static async Task CheckAsync(ClusterDatabase database, CancellationToken cancellationToken)
    {
        try
        {
            NpgsqlConnection connection = await database.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                int version = await VersionAsync(connection, cancellationToken).ConfigureAwait(false);
                if (version > Steps.Length) throw Newer(version);
                if (version < Steps.Length) throw Missing($"has version {version}, this program needs {Steps.Length}");
            }
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            throw Missing("has no tables of LatentDB");
        }
        catch (NpgsqlException e)
        {
            throw ClusterDatabase.Unavailable(e);
        }
    }

    private static async Task<int> VersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("select coalesce(max(version), 0) from latentdb_schema", connection);
        await using (command.ConfigureAwait(false)) return (int)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Constants of this class.
        var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await using (command.ConfigureAwait(false)) await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static LatentDbException Missing(string what) =>
        new(ErrorCode.ConfigurationInvalid, $"The cluster's database {what}: run the server once with the option that migrates it.");

    private static LatentDbException Newer(int version) =>
        new(ErrorCode.UnsupportedFormat, $"The cluster's database has version {version}, of a newer program; this one knows {Steps.Length}.");
}
