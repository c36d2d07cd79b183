using System.Text.Json;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Cli;

/// <summary>Where the command line takes server, key and tenant from.</summary>
public sealed class ConfigTests
{
    private const string Secret = "ldb_abcdefghijkl_S3cretS3cretS3cretS3cretS3cretS3cretS3cretS3_a1b2c3";

    [Fact]
    public async Task A_flag_beats_the_environment_which_beats_the_file()
    {
        using var folder = new TempFolder();
        CommandLine shell = Shell(folder);
        await shell.OkAsync("config", "set", "server", "http://from-file:1");
        await shell.OkAsync("config", "set", "tenant", "from-file");

        JsonElement byFile = await ShowAsync(shell);
        JsonElement byVariable = await ShowAsync(shell.With("LATENTDB_SERVER", "http://from-variable:2"));
        JsonElement byFlag = await ShowAsync(shell.With("LATENTDB_SERVER", "http://from-variable:2"), "--server", "http://from-flag:3");

        Assert.Equal(["http://from-file:1", "http://from-variable:2", "http://from-flag:3"], new[] { byFile, byVariable, byFlag }.Select(s => s[0].GetProperty("value").GetString()));
        Assert.Equal("$LATENTDB_SERVER", byVariable[0].GetProperty("from").GetString());
        Assert.Equal("from-file", byFlag[2].GetProperty("value").GetString());
    }

    [Fact]
    public async Task A_key_is_taken_from_standard_input_kept_for_its_owner_alone_and_never_shown()
    {
        using var folder = new TempFolder();
        CommandLine shell = Shell(folder);

        string set = await (shell with { Input = $"{Secret}\n" }).OkAsync("config", "set", "api_key");
        Outcome asWord = await shell.RunAsync("config", "set", "api_key", Secret);
        string show = await shell.OkAsync("config", "show");

        string path = (await shell.OkAsync("config", "path")).Trim();
        Assert.Contains(Secret, await File.ReadAllTextAsync(path), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(2, asWord.ExitCode);
        Assert.DoesNotContain("S3cret", set + show + asWord.Errors, StringComparison.Ordinal);
        Assert.Contains("ldb_abcdefghijkl_...", show, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_file_that_others_may_read_is_used_and_complained_of()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "key");
        await File.WriteAllTextAsync(file, $"{Secret}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead);

        Outcome outcome = await Shell(folder).RunAsync("config", "show", "--json", "--key-file", file);

        Assert.Contains("ldb_abcdefghijkl_...", outcome.Output, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Contains("other users may read", outcome.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_unset_is_gone_and_the_rest_stays()
    {
        using var folder = new TempFolder();
        CommandLine shell = Shell(folder);
        await shell.OkAsync("config", "set", "server", "https://db.example");
        await shell.OkAsync("config", "set", "tenant", "acme");

        await shell.OkAsync("config", "unset", "tenant");

        JsonElement shown = await ShowAsync(shell);
        Assert.Equal("https://db.example", shown[0].GetProperty("value").GetString());
        Assert.False(shown[2].TryGetProperty("value", out _));
    }

    [Theory]
    [InlineData("""{"sever": "http://x"}""", "sever")]
    [InlineData("""{"server": "ftp://x"}""", "ftp://x")]
    [InlineData("not json", "cannot be read")]
    public async Task A_file_with_a_mistake_is_named_and_not_passed_over(string content, string said)
    {
        using var folder = new TempFolder();
        CommandLine shell = Shell(folder);
        string path = (await shell.OkAsync("config", "path")).Trim();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, content);

        Outcome outcome = await shell.RunAsync("memories", "list");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(said, outcome.Errors, StringComparison.Ordinal);
        Assert.Contains(path, outcome.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_no_header_can_carry_is_refused_without_being_repeated()
    {
        using var folder = new TempFolder();

        Outcome outcome = await Shell(folder).With("LATENTDB_API_KEY", "s\u00fcss S3cret").RunAsync("memories", "list");

        Assert.Equal(2, outcome.ExitCode);
        Assert.DoesNotContain("S3cret", outcome.Errors, StringComparison.Ordinal);
    }

    /// <summary>With the folder in place of the home folder's configuration.</summary>
    private static CommandLine Shell(TempFolder folder) => new CommandLine().With("LATENTDB_CONFIG", string.Empty).With("XDG_CONFIG_HOME", folder.Path);

    private static async Task<JsonElement> ShowAsync(CommandLine shell, params string[] more) =>
        JsonSerializer.Deserialize<JsonElement>(await shell.OkAsync(["config", "show", "--json", .. more]));
}
