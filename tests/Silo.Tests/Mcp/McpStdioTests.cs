using System.Diagnostics;
using System.Text.Json;
using LatentDb.Silo.Tests.Support;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace LatentDb.Silo.Tests.Mcp;

/// <summary>The command line as a server on standard streams.</summary>
public sealed class McpStdioTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string Facts = "Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot.";

    private string Server => fixture.Silo.Http.BaseAddress!.ToString();

    [Theory]
    [InlineData(null)]
    [InlineData("2025-06-18")]
    public async Task The_dotnet_client_starts_it_and_uses_its_tools(string? revision)
    {
        string id = $"stdio-{revision ?? "newest"}";
        var transport = new StdioClientTransport(new StdioClientTransportOptions
        {
            Command = "dotnet",
            Arguments = [BuiltPrograms.Path("Cli"), "mcp", "--server", Server, "--memory", id, "--create"],
        });
        await using McpClient client = await McpClient.CreateAsync(transport, new McpClientOptions { ProtocolVersion = revision });

        IList<McpClientTool> tools = await client.ListToolsAsync();
        await client.CallToolAsync("remember", new Dictionary<string, object?> { ["text"] = Facts });
        CallToolResult recalled = await client.CallToolAsync("recall", new Dictionary<string, object?> { ["question"] = "Where does Maria live?", ["max_tokens"] = 8 });

        Assert.Equal(6, tools.Count);
        Assert.Equal("Lisbon", Assert.IsType<TextContentBlock>(Assert.Single(recalled.Content)).Text.Trim());
    }

    [Fact]
    public async Task What_is_no_message_and_who_is_not_there_are_told_on_a_line_each()
    {
        const string list = """{"jsonrpc":"2.0","id":"a","method":"tools/list"}""";
        const string call = """{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"recall","arguments":{"question":"x"}}}""";

        string[] answered = await TalkAsync(Server, "not json", list, string.Empty, call);
        string[] nobody = await TalkAsync("http://127.0.0.1:9", list, call, """{"jsonrpc":"2.0","method":"notifications/initialized"}""");

        Assert.Equal(3, answered.Length);
        Assert.Contains(answered, l => l.Contains("-32600", StringComparison.Ordinal));
        Assert.Contains(answered, l => Parse(l).TryGetProperty("result", out JsonElement result) && result.TryGetProperty("tools", out _));
        Assert.Equal(2, nobody.Length);
        Assert.Contains("cannot be reached", Parse(Assert.Single(nobody, l => l.Contains("\"a\"", StringComparison.Ordinal))).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.True(Parse(Assert.Single(nobody, l => l.Contains("\"id\":7", StringComparison.Ordinal))).GetProperty("result").GetProperty("isError").GetBoolean());
    }

    /// <summary>Sends the lines, ends the input, and returns the lines of the answer.</summary>
    private static async Task<string[]> TalkAsync(string server, params string[] lines)
    {
        var start = new ProcessStartInfo("dotnet", [BuiltPrograms.Path("Cli"), "mcp", "--server", server])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using Process program = Process.Start(start)!;
        foreach (string line in lines) await program.StandardInput.WriteLineAsync(line);
        program.StandardInput.Close();
        string output = await program.StandardOutput.ReadToEndAsync();
        await program.WaitForExitAsync();
        Assert.Equal(0, program.ExitCode);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static JsonElement Parse(string json) => JsonSerializer.Deserialize<JsonElement>(json);
}
