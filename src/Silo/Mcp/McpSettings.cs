using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Http.Description;
using LatentDb.Silo.Http.Memories;

namespace LatentDb.Silo.Mcp;

/// <summary>What the person who set up the host has decided, and no model can change: it comes in headers, which only the host writes.</summary>
/// <param name="Memory">The one memory that the tools are about; null = each call names one.</param>
/// <param name="IsCreating">remember makes a memory that is missing.</param>
/// <param name="AllowsErasing">The tool forget is there.</param>
internal sealed record McpSettings(string? Memory, bool IsCreating, bool AllowsErasing)
{
    private const string DestructiveHeader = "X-Mcp-Destructive";
    private const string MemoryQuery = "memory";

    public static readonly ApiParameter MemoryParameter = new(MemoryHeaders.Memory, true, false, "The one memory that all tools are about; without it each call names one.");

    public static readonly ApiParameter MemoryQueryParameter = new(MemoryQuery, false, false, "The same, for hosts that can set no headers.");

    public static readonly ApiParameter CreateParameter = new(MemoryHeaders.Create, true, false, "true: remember makes a memory that is missing.");

    public static readonly ApiParameter DestructiveParameter = new(DestructiveHeader, true, false, "true: the tool forget, which erases for good, is there.");

    /// <exception cref="LatentDbException">invalid_request, invalid_name.</exception>
    public static McpSettings Of(HttpRequest request)
    {
        string? memory = MemoryHeaders.Read(request, MemoryHeaders.Memory) ?? request.Query[MemoryQuery].SingleOrDefault();
        return new McpSettings(
            memory is null ? null : MemoryId.Parse(memory).Value,
            MemoryHeaders.ReadFlag(request, MemoryHeaders.Create) ?? false,
            MemoryHeaders.ReadFlag(request, DestructiveHeader) ?? false);
    }
}
