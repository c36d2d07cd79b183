using System.Globalization;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Access;

namespace LatentDb.Silo.Cluster.Database;

/// <summary>
/// Tenants and keys in one row of the cluster's database, in the form of the access file: a change is made of the newest revision and takes the place of
/// that one alone. The first reader brings in what its own data folder has, as long as there is no row.
/// </summary>
internal sealed partial class AccessTable(ClusterDatabase database, ClusterDatabaseOptions options, AccessFile file, TimeProvider time, ILogger<AccessTable> logger) : IAccessStore
{
    private const string Place = "The table of keys in the cluster's database";
    private const string NoRow = "0";
    private const string ReadOther = "select revision, content from latentdb_access where revision <> $1";
    private const string Insert = "insert into latentdb_access values (true, 1, $1, clock_timestamp()) on conflict do nothing returning revision";
    private const string Update = "update latentdb_access set revision = revision + 1, content = $1, changed_at = clock_timestamp() where revision = $2 returning revision";

    private static readonly AccessContent Nothing = new(AccessState.Empty, NoRow);

    /// <inheritdoc/>
    public bool IsShared => true;

    /// <summary>For a silo that has its keys in its data folder: those that were revoked in the database since they were brought there would open again.</summary>
    /// <exception cref="LatentDbException">configuration_invalid: the keys are in the database; store_unavailable.</exception>
    public static async Task RequireUnusedAsync(ClusterDatabase database, TimeSpan timeout, CancellationToken cancellationToken)
    {
        List<int> rows = await database.QueryAsync("select 1 from latentdb_access", [], row => row.GetInt32(0), timeout, cancellationToken).ConfigureAwait(false);
        if (rows.Count > 0) throw new LatentDbException(ErrorCode.ConfigurationInvalid, "The tenants and keys of this cluster are in its database: start every silo with --access-in-database true.");
    }

    /// <inheritdoc/>
    public async Task<AccessContent> ReadAsync(CancellationToken cancellationToken)
    {
        AccessContent? stored = await ReadNewerAsync(Nothing, cancellationToken).ConfigureAwait(false);
        if (stored is not null || !file.Exists) return stored ?? Nothing;
        AccessState own = file.Read();
        if (await TryWriteAsync(Nothing, own, cancellationToken).ConfigureAwait(false) is not { } imported) return await ReadAsync(cancellationToken).ConfigureAwait(false);
        LogImported(logger, own.Keys.Count, own.Tenants.Count);
        return imported;
    }

    /// <inheritdoc/>
    public async Task<AccessContent?> ReadNewerAsync(AccessContent known, CancellationToken cancellationToken)
    {
        List<(long Revision, byte[] Content)> rows = await database.QueryAsync(
            ReadOther, [RevisionOf(known)], row => (row.GetInt64(0), row.GetFieldValue<byte[]>(1)), options.DeadAfter, cancellationToken).ConfigureAwait(false);
        return rows is [var (revision, content)] ? Content(AccessCodec.Decode(content, Place), revision) : null;
    }

    /// <inheritdoc/>
    public async Task<AccessContent> ChangeAsync(AccessContent known, Func<AccessState, AccessState> change, CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp();
        while (true)
        {
            AccessState next = change(known.State);
            if (ReferenceEquals(known.State, next)) return known;
            if (await TryWriteAsync(known, next, cancellationToken).ConfigureAwait(false) is { } written) return written;
            known = await ReadNewerAsync(known, cancellationToken).ConfigureAwait(false) ?? known;
            if (time.GetElapsedTime(begun) >= SecurityLimits.AccessTurnLimit) throw new LatentDbException(ErrorCode.StoreUnavailable, "Other servers change keys or tenants without end; nothing has changed.");
        }
    }

    /// <summary>Null when somebody else has written since <paramref name="known"/>.</summary>
    private async Task<AccessContent?> TryWriteAsync(AccessContent known, AccessState next, CancellationToken cancellationToken)
    {
        byte[] content = AccessCodec.Encode(next).ToArray();
        long revision = RevisionOf(known);
        cancellationToken.ThrowIfCancellationRequested();
        List<long> written = await database.QueryAsync(
            revision == 0 ? Insert : Update, revision == 0 ? [content] : [content, revision], row => row.GetInt64(0), options.DeadAfter, CancellationToken.None).ConfigureAwait(false);
        return written.Count > 0 ? Content(next, written[0]) : null;
    }

    private static long RevisionOf(AccessContent content) => long.Parse(content.Revision, CultureInfo.InvariantCulture);

    private static AccessContent Content(AccessState state, long revision) => new(state, revision.ToString(CultureInfo.InvariantCulture));

    [LoggerMessage(EventId = 530, Level = LogLevel.Information, Message = "The data folder's {Keys} keys and {Tenants} tenants are in the cluster's database now; the folder's access file is not read any more.")]
    private static partial void LogImported(ILogger logger, int keys, int tenants);
}
