using LatentDb.MemoryStore.Errors;
using Npgsql;

namespace LatentDb.Silo.Cluster.Database;

/// <summary>Short statements in the cluster's database; every one has an end, and what hinders it is told in one way.</summary>
internal sealed class ClusterDatabase(string connectionString) : IAsyncDisposable
{
    /// <summary>What is told of a change, so that all silos look at once.</summary>
    public const string Channel = "latentdb_cluster";

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connectionString);

    /// <summary>Runs a statement and reads its rows.</summary>
    /// <param name="sql">With $1, $2, ... for the values.</param>
    /// <param name="values">In that order.</param>
    /// <param name="read">Called for each row.</param>
    /// <param name="timeout">For connecting and answering together.</param>
    /// <param name="cancellationToken">Leaves it unknown whether the statement was made.</param>
    /// <exception cref="LatentDbException">store_unavailable.</exception>
    public async Task<List<T>> QueryAsync<T>(string sql, object[] values, Func<NpgsqlDataReader, T> read, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(timeout);

        // Without the token: the driver would ask the server to cancel on the thread that the token is cancelled on, and wait there. For a server that stands
        // still this takes thread after thread from the pool, and with them the loops that must tell of the end of leases. So it is left behind.
        Task<List<T>> work = RunAsync(sql, values, read, CancellationToken.None);
        try
        {
            return await work.WaitAsync(limited.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is NpgsqlException or TimeoutException or OperationCanceledException or System.Net.Sockets.SocketException)
        {
            throw Unavailable(e);
        }
    }

    private async Task<List<T>> RunAsync<T>(string sql, object[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        NpgsqlCommand command = _source.CreateCommand(sql);
        await using (command.ConfigureAwait(false))
        {
            foreach (object value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
            NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var rows = new List<T>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) rows.Add(read(reader));
                return rows;
            }
        }
    }

    /// <summary>Runs a statement that gives no rows.</summary>
    /// <exception cref="LatentDbException">store_unavailable.</exception>
    public Task ExecuteAsync(string sql, object[] values, TimeSpan timeout, CancellationToken cancellationToken) => QueryAsync(sql, values, _ => 0, timeout, cancellationToken);

    /// <summary>A connection of one's own, for what is listened to or locked.</summary>
    public ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) => _source.OpenConnectionAsync(cancellationToken);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>The message of the driver may name hosts and users, never the password.</summary>
    public static LatentDbException Unavailable(Exception cause) =>
        new(ErrorCode.StoreUnavailable, $"The cluster's database does not answer: {cause.Message}", cause) { RetryAfter = RetryDelay };
}
