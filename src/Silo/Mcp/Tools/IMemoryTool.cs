using System.Text.Json.Nodes;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Http;
using LatentDb.Silo.Limits;
using ModelContextProtocol.Protocol;
using Role = LatentDb.Silo.Security.Role;

namespace LatentDb.Silo.Mcp.Tools;

/// <summary>Something that a model may do with a memory.</summary>
internal interface IMemoryTool
{
    /// <summary>What models and hosts are told of it.</summary>
    ToolCard Card { get; }

    /// <summary>Its entry in the listing.</summary>
    Tool Describe(bool namesMemory);

    /// <exception cref="LatentDbException">The arguments are wrong, or whatever the verb of the database refuses with.</exception>
    Task<CallToolResult> RunAsync(ToolCall call, JsonObject arguments, CancellationToken cancellationToken);
}

/// <summary>What models and hosts are told of a tool, and who may use it.</summary>
/// <param name="Name">snake_case.</param>
/// <param name="Title">For people.</param>
/// <param name="Description">For models: when to use it, and what comes of it.</param>
/// <param name="Role">The least role.</param>
/// <param name="Effect">What it does to a memory.</param>
internal sealed record ToolCard(string Name, string Title, string Description, Role Role, ToolEffect Effect)
{
    /// <summary>False: it is about all memories, and is there only where no memory is chosen beforehand.</summary>
    public bool IsAboutOneMemory { get; init; } = true;

    /// <summary>What a call takes of the tenant's limits.</summary>
    public Costs Costs { get; init; }

    /// <summary>The operation that it is in the audit log; null = a read.</summary>
    public string? Action { get; init; }
}

/// <summary>What a tool does to a memory.</summary>
internal enum ToolEffect
{
    /// <summary>Nothing.</summary>
    Reads,

    /// <summary>Something comes to it.</summary>
    Adds,

    /// <summary>What is known afterwards is not what was known before, but there is a way back.</summary>
    Changes,

    /// <summary>There is no way back.</summary>
    Destroys,
}

/// <summary>Which memory a call is about, and for whom.</summary>
/// <param name="Scope">Whose memories.</param>
/// <param name="Memory">The memory's id; empty for a tool that is about all.</param>
/// <param name="Settings">What the host has decided.</param>
internal sealed record ToolCall(RequestScope Scope, string Memory, McpSettings Settings);
