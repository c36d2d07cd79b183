using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Cli;

/// <summary>Keys from the shell, on servers of their own.</summary>
public sealed class KeysTests
{
    [Fact]
    public async Task A_server_is_locked_opened_by_key_file_and_environment_and_a_revoked_key_is_out()
    {
        using var folder = new TempFolder();
        await using RunningSilo silo = await RunningSilo.StartAsync();
        CommandLine stranger = CommandLine.Over(silo);
        CommandLine shell = stranger.With("LATENTDB_CONFIG", Path.Combine(folder.Path, "config.json"));
        await shell.OkAsync("keys", "create", "--operator", "--name", "root", "--save");
        string key = (await shell.OkAsync("keys", "create", "--role", "writer", "--name", "ci")).Trim();
        string file = Path.Combine(folder.Path, "key");
        await File.WriteAllTextAsync(file, $"{key}\n");

        Outcome locked = await stranger.RunAsync("memories", "list");
        await stranger.OkAsync("memories", "create", "bob", "--key-file", file);
        string me = await stranger.With("LATENTDB_API_KEY", key).OkAsync("me");
        Outcome tooLow = await stranger.With("LATENTDB_API_KEY", key).RunAsync("keys", "list");
        await shell.OkAsync("keys", "revoke", key.Split('_')[1]);
        Outcome revoked = await stranger.With("LATENTDB_API_KEY", key).RunAsync("memories", "list");

        Assert.Equal((4, 4, 4), (locked.ExitCode, tooLow.ExitCode, revoked.ExitCode));
        Assert.Contains("LATENTDB_API_KEY", locked.Errors, StringComparison.Ordinal);
        Assert.Contains("writer of default", me, StringComparison.Ordinal);
        Assert.Contains("ci", me, StringComparison.Ordinal);
        Assert.DoesNotContain(key, revoked.Errors + tooLow.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_with_keys_is_cared_for_without_one_by_who_may_read_it()
    {
        using var folder = new TempFolder();
        string data = Path.Combine(folder.Path, "data");
        CommandLine shell = new CommandLine().With("LATENTDB_CONFIG", Path.Combine(folder.Path, "config.json"));
        await using (SiloProcess silo = await SiloProcess.StartAsync(data))
        {
            await shell.OkAsync("keys", "create", "--operator", "--save", "--server", silo.Address.ToString());
            await silo.KillAsync();
        }

        string stats = await new CommandLine().OkAsync("store", "stats", "--data", data);

        Assert.Contains("0 memories", stats, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("keys", "create")]
    [InlineData("keys", "create", "--role", "operator")]
    [InlineData("keys", "create", "--role", "reader", "--operator")]
    [InlineData("keys", "create", "--role", "reader", "--expires", "soon")]
    public async Task A_key_that_cannot_be_is_told_before_a_server_is_asked(params string[] arguments)
    {
        Outcome outcome = await new CommandLine().With("LATENTDB_SERVER", "http://127.0.0.1:9").RunAsync(arguments);

        Assert.Equal(2, outcome.ExitCode);
    }
}
