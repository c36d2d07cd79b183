using System.Text.Json;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Description;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Mcp;

/// <summary>The Model Context Protocol over streamable HTTP.</summary>
internal static class McpRoutes
{
    public static void AddMcp(this IServiceCollection services) => services.AddSingleton<ServeMcp>();

    public static void MapMcp(this IEndpointRouteBuilder app) => app.MapPost("/mcp", Serve).WithTags("mcp").Needs(Role.Reader)
        .Reads(McpSettings.MemoryParameter, McpSettings.MemoryQueryParameter, McpSettings.CreateParameter, McpSettings.DestructiveParameter)
        .Takes<JsonElement>()
        .Reports<JsonElement>("mcp", "One JSON-RPC message of the Model Context Protocol; its tools work on memories. There are no sessions.", 400, 403, 413, 415);

    private static Task Serve(HttpContext context, RequestScope scope, ServeMcp mcp) => mcp.HandleAsync(context, scope);
}
