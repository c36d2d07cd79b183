using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Cli;

/// <summary>Tenants, their limits and the audit log from the shell, on a server of its own.</summary>
public sealed class TenantsTests
{
    [EmbeddedFact(Alone.Quotas)]
    public async Task An_operator_makes_limits_and_suspends_a_tenant_and_the_log_tells_it()
    {
        using var folder = new TempFolder();
        await using RunningSilo silo = await RunningSilo.StartAsync();
        CommandLine shell = CommandLine.Over(silo).With("LATENTDB_CONFIG", Path.Combine(folder.Path, "config.json"));
        await shell.OkAsync("keys", "create", "--operator", "--save");
        await shell.OkAsync("tenants", "create", "acme", "--memories", "1");
        string key = (await shell.OkAsync("keys", "create", "--role", "admin", "--tenant", "acme")).Trim();
        CommandLine acme = CommandLine.Over(silo).With("LATENTDB_API_KEY", key);

        await acme.OkAsync("memories", "create", "one");
        Outcome full = await acme.RunAsync("memories", "create", "two");
        string usage = await acme.OkAsync("usage");
        await shell.OkAsync("tenants", "suspend", "acme");
        Outcome suspended = await acme.RunAsync("memories", "list");
        await shell.OkAsync("tenants", "resume", "acme");
        string log = await acme.OkAsync("audit", "list");

        Assert.Equal((1, 4), (full.ExitCode, suspended.ExitCode));
        Assert.Contains("quota_exceeded", full.Errors, StringComparison.Ordinal);
        Assert.Matches(@"memories\s+1\s+1\s+0", usage);
        Assert.Contains("createMemory", log, StringComparison.Ordinal);
        Assert.Contains(key.Split('_')[1], log, StringComparison.Ordinal);
        Assert.Contains("follow each other", await shell.OkAsync("audit", "verify"), StringComparison.Ordinal);
        Assert.DoesNotContain(key, log, StringComparison.Ordinal);
    }
}
