using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Mcp;

/// <summary>The official client of the Model Context Protocol for JavaScript, unchanged, as a process of its own.</summary>
public sealed class McpNodeTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string Package = "@modelcontextprotocol/sdk";

    [RequiresNodePackageFact(NodePeer.Folder, Package)]
    public async Task The_javascript_client_uses_every_tool_over_http()
    {
        string output = await NodePeer.RunAsync("mcp.mjs", "http", fixture.Silo.Http.BaseAddress!.ToString());

        Assert.StartsWith($"ok 9 {Package} 1.32.2", output, StringComparison.Ordinal);
    }

    [RequiresNodePackageFact(NodePeer.Folder, Package)]
    public async Task The_javascript_client_uses_every_tool_over_standard_streams()
    {
        string output = await NodePeer.RunAsync("mcp.mjs", "stdio", fixture.Silo.Http.BaseAddress!.ToString(), "dotnet", BuiltPrograms.Path("Cli"), "mcp");

        Assert.StartsWith($"ok 9 {Package} 1.32.2", output, StringComparison.Ordinal);
    }
}
