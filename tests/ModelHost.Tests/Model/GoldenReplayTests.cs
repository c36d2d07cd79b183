using LatentDb.Replay;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>The recorded runs of the official classes, replayed by the same code as <c>bench/Replay</c>.</summary>
public sealed class GoldenReplayTests
{
    private const string SmallCase = "memoryllm_uninit_short";

    public static TheoryData<string> Cases => [.. Directory.GetDirectories(SetA).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    private static string SetA => RepositoryFiles.Combine("tests", "Golden", "setA");

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Every_recorded_tensor_is_met(string name)
    {
        (int code, string output) = await ReplayAsync(Path.Combine(SetA, name));

        Assert.True(code == 0, output);
        Assert.Contains("1 of 1 cases hold.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_expected_number_fails_the_replay()
    {
        using TempFolder copy = CopyOf(SmallCase);
        CorruptLastBytes(copy.Combine("expected.safetensors"));

        (int code, string output) = await ReplayAsync(copy.Path);

        Assert.Equal(1, code);
        Assert.Contains("DIFFERS", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"s00.delta_memory\"", "\"s00.delta_memorx\"", "s00.delta_memorx")]
    [InlineData("\"op\": \"forward\"", "\"op\": \"backward\"", "backward")]
    [InlineData("\"input\": \"ids.P\"", "\"input\": \"ids.Z\"", "ids.Z")]
    [InlineData("float32\"", "float8\"", "float8")]
    [InlineData("model.safetensors", "other.safetensors", "other.safetensors")]
    [InlineData("\"steps\"", "\"stops\"", "neither steps")]
    [InlineData("{", "[", "manifest.json")]
    public async Task A_malformed_manifest_is_named_in_one_line(string text, string replacement, string named)
    {
        using TempFolder copy = CopyOf(SmallCase);
        string path = copy.Combine("manifest.json");
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path)).Replace(text, replacement, StringComparison.Ordinal));

        (int code, string output) = await ReplayAsync(copy.Path);

        Assert.Equal(1, code);
        Assert.Contains(named, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("inputs.safetensors")]
    [InlineData("expected.safetensors")]
    [InlineData("config.json")]
    [InlineData("manifest.json")]
    public async Task A_missing_file_fails_the_replay(string file)
    {
        using TempFolder copy = CopyOf(SmallCase);
        File.Delete(copy.Combine(file));

        (int code, string output) = await ReplayAsync(copy.Path);

        Assert.Equal(1, code);
        Assert.NotEmpty(output);
    }

    [Fact]
    public async Task A_set_that_lists_a_missing_case_fails()
    {
        using var set = new TempFolder();
        await File.WriteAllTextAsync(set.Combine("manifest.json"), """{"cases": [{"case": "gone", "folder": "gone"}]}""");

        (int code, string output) = await ReplayAsync(set.Path);

        Assert.Equal(1, code);
        Assert.Contains("gone", output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output)> ReplayAsync(string folder)
    {
        await using var output = new StringWriter();
        int code = await ReplayCommand.RunAsync(folder, output);
        return (code, output.ToString());
    }

    private static TempFolder CopyOf(string name)
    {
        var copy = new TempFolder();
        foreach (string file in Directory.GetFiles(Path.Combine(SetA, name))) File.Copy(file, copy.Combine(Path.GetFileName(file)));
        return copy;
    }

    /// <summary>The last number of the file becomes another one.</summary>
    private static void CorruptLastBytes(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - sizeof(float)), 123.456f);
        File.WriteAllBytes(path, bytes);
    }
}
