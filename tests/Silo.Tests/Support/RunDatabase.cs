using LatentDb.Testing;
using Npgsql;
using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework("LatentDb.Silo.Tests.Support.RunDatabase", "LatentDb.Silo.Tests")]

namespace LatentDb.Silo.Tests.Support;

/// <summary>The one PostgreSQL of a run against clusters, started when the first of them needs it and ended with the run: the framework of the tests is who knows of that end.</summary>
public sealed class RunDatabase : XunitTestFramework
{
    private static readonly SemaphoreSlim Gate = new(1, 1);
    private static PostgresServer? _server;
    private static int _databases;

    public RunDatabase(IMessageSink messages)
        : base(messages) => DisposalTracker.Add(new End());

    /// <summary>Connection string of a new database in it.</summary>
    internal static async Task<string> NewDatabaseAsync()
    {
        if (PostgresServer.Programs is null) throw new InvalidOperationException("LATENTDB_TEST_CLUSTER=1 needs PostgreSQL's server programs; .ci/run installs the package postgresql.");
        string server = await ServerAsync();
        string name = $"cluster{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"create database {name} template template0", connection);
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(server) { Database = name, MaxPoolSize = 8 }.ConnectionString;
    }

    private static async Task<string> ServerAsync()
    {
        await Gate.WaitAsync();
        try
        {
            _server ??= await PostgresServer.StartAsync();
            return _server.ConnectionString;
        }
        finally
        {
            Gate.Release();
        }
    }

    private sealed class End : IDisposable
    {
        public void Dispose() => _server?.EndNow();
    }
}
