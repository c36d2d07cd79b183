using System.Text.Json;
using LatentDb.Silo.Tests.Support;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace LatentDb.Silo.Tests.Mcp;

/// <summary>The official client of the Model Context Protocol for .NET, unchanged; it also speaks the revision that has no handshake.</summary>
public sealed class McpDotnetTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string Facts = "Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot.";

    [Theory]
    [InlineData(null)]
    [InlineData("2025-11-25")]
    [InlineData("2025-03-26")]
    [InlineData("2026-07-28")]
    public async Task Tools_are_listed_and_called_in_every_revision_of_the_protocol(string? revision)
    {
        string id = await fixture.NewMemoryAsync();
        await using McpClient client = await ConnectAsync(id, revision);

        IList<McpClientTool> tools = await client.ListToolsAsync();
        CallToolResult remembered = await client.CallToolAsync("remember", new Dictionary<string, object?> { ["text"] = Facts });
        CallToolResult recalled = await client.CallToolAsync("recall", new Dictionary<string, object?> { ["question"] = "Where does Maria live?", ["max_tokens"] = 8 });

        Assert.Equal(6, tools.Count);
        Assert.Equal(2, Structured(remembered).GetProperty("version").GetInt64());
        Assert.Equal("Lisbon", Assert.IsType<TextContentBlock>(Assert.Single(recalled.Content)).Text.Trim());
        Assert.Equal(revision ?? "2026-07-28", client.NegotiatedProtocolVersion);
    }

    [Fact]
    public async Task A_refusal_is_a_result_with_the_problem_in_it()
    {
        await using McpClient client = await ConnectAsync("nobody", revision: null);

        CallToolResult refused = await client.CallToolAsync("recall", new Dictionary<string, object?> { ["question"] = "Who?" });

        Assert.True(refused.IsError);
        Assert.Equal("memory_not_found", refused.Meta!["latentdb/problem"]!["code"]!.GetValue<string>());
    }

    private Task<McpClient> ConnectAsync(string memory, string? revision)
    {
        var transport = new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = new Uri(fixture.Silo.Http.BaseAddress!, "mcp"),
            TransportMode = HttpTransportMode.StreamableHttp,
            AdditionalHeaders = new Dictionary<string, string> { ["X-Memory-Id"] = memory },
        });
        return McpClient.CreateAsync(transport, new McpClientOptions { ProtocolVersion = revision });
    }

    private static JsonElement Structured(CallToolResult result) => result.StructuredContent ?? throw new InvalidOperationException(JsonSerializer.Serialize(result.Content));
}
