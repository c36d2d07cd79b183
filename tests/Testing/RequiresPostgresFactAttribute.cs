using Xunit;

namespace LatentDb.Testing;

/// <summary>A test that starts a PostgreSQL server of its own; without the programs it is reported as skipped, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresPostgresFactAttribute : FactAttribute
{
    public RequiresPostgresFactAttribute()
    {
        if (PostgresServer.Programs is null) Skip = "PostgreSQL's server programs are not there; .ci/run installs the package postgresql.";
    }
}
