using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace LatentDb.Silo.Mcp;

/// <summary>
/// What the headers of a message say must agree with the message: proxies go by the headers, the server by the body. Since the revision of July 2026 each
/// message says by itself which revision it is of, and there is no handshake; older ones begin with initialize.
/// </summary>
internal static class McpEnvelope
{
    private const string VersionHeader = "MCP-Protocol-Version";
    private const string MethodHeader = "Mcp-Method";
    private const string NameHeader = "Mcp-Name";
    private const string FirstWithoutHandshake = "2026-07-28";

    private static readonly string[] Versions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", FirstWithoutHandshake];

    /// <summary>The revision in the header; null when absent, as in the first message of older clients.</summary>
    public static string? VersionOf(HttpRequest request) => request.Headers[VersionHeader] is { Count: > 0 } version ? version.ToString() : null;

    /// <summary>True: of the revisions in which each message stands by itself.</summary>
    public static bool IsSelfContained(HttpRequest request) => VersionOf(request) == FirstWithoutHandshake;

    /// <summary>What is wrong with the headers; null = nothing.</summary>
    public static JsonRpcErrorDetail? Check(HttpRequest request, JsonRpcMessage message)
    {
        string? version = VersionOf(request);
        if (version is not null && !Versions.Contains(version)) return Unsupported(version);
        if (!IsSelfContained(request) || message is not JsonRpcRequest call) return null;
        if (call.Params is not JsonObject parameters || parameters["_meta"] is not JsonObject meta || TextOf(meta[MetaKeys.ProtocolVersion]) is not { } declared)
        {
            return Mistake(McpErrorCode.InvalidParams, $"A message of revision {version} must say so in params._meta.");
        }

        if (meta[MetaKeys.ClientCapabilities] is not JsonObject) return Mistake(McpErrorCode.InvalidParams, "params._meta must tell the client's capabilities as an object.");
        if (declared != version) return Mismatch(VersionHeader);
        if (request.Headers[MethodHeader].ToString().Trim() != call.Method) return Mismatch(MethodHeader);
        bool isNamed = call.Method is not "tools/call" || request.Headers[NameHeader].ToString().Trim() == TextOf(parameters["name"]);
        return isNamed ? null : Mismatch(NameHeader);
    }

    /// <summary>The status of an answer that is an error; revisions without a handshake tell some of them apart by it.</summary>
    public static int StatusOf(JsonRpcMessage? answer) => answer is not JsonRpcError { Error.Code: var code } ? StatusCodes.Status200OK : (McpErrorCode)code switch
    {
        McpErrorCode.MethodNotFound => StatusCodes.Status404NotFound,
        McpErrorCode.UnsupportedProtocolVersion or McpErrorCode.HeaderMismatch or McpErrorCode.MissingRequiredClientCapability => StatusCodes.Status400BadRequest,
        _ => StatusCodes.Status200OK,
    };

    private static JsonRpcErrorDetail Unsupported(string version)
    {
        // Clients choose from this list how to go on without a handshake, so only revisions that have none are in it.
        var data = new UnsupportedProtocolVersionErrorData { Supported = [FirstWithoutHandshake], Requested = version };
        JsonRpcErrorDetail error = Mistake(McpErrorCode.UnsupportedProtocolVersion, "The protocol revision in the header is not known here.");
        error.Data = JsonSerializer.SerializeToNode(data, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(UnsupportedProtocolVersionErrorData)));
        return error;
    }

    private static JsonRpcErrorDetail Mismatch(string header) => Mistake(McpErrorCode.HeaderMismatch, $"The header {header} does not say what the body says.");

    private static JsonRpcErrorDetail Mistake(McpErrorCode code, string why) => new() { Code = (int)code, Message = why };

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
