using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace LatentDb.Store;

/// <summary>Inserts into one table of a SQLite database in WAL mode with synchronous=FULL, each transaction durable before the next begins.</summary>
internal static class SqliteInserts
{
    public static async Task<double> RunAsync(string folder, int connections, int bytes, int batch, int seconds)
    {
        string source = new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "sqlite.db"), Pooling = false, DefaultTimeout = 60 }.ToString();
        using SqliteConnection first = Open(source);
        Execute(first, "CREATE TABLE records(id INTEGER PRIMARY KEY, memory INTEGER, body BLOB)");
        long started = Stopwatch.GetTimestamp();
        int[] counts = await Task.WhenAll(Enumerable.Range(0, connections).Select(
            i => Task.Factory.StartNew(() => Insert(source, i, bytes, batch, started, seconds), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        return counts.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static int Insert(string source, int memory, int bytes, int batch, long started, int seconds)
    {
        using SqliteConnection connection = Open(source);
        using SqliteCommand insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO records(memory, body) VALUES ($memory, $body)";
        insert.Parameters.AddWithValue("$memory", memory);
        insert.Parameters.AddWithValue("$body", new byte[bytes]);
        insert.Prepare();
        int count = 0;
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
        {
            using SqliteTransaction? transaction = batch > 1 ? connection.BeginTransaction() : null;
            insert.Transaction = transaction;
            for (int i = 0; i < batch; i++) insert.ExecuteNonQuery();
            transaction?.Commit();
            count += batch;
        }

        return count;
    }

    private static SqliteConnection Open(string source)
    {
        var connection = new SqliteConnection(source);
        connection.Open();
        Execute(connection, "PRAGMA journal_mode=WAL");
        Execute(connection, "PRAGMA synchronous=FULL");
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are constants of this class.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
