using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LatentDb.Cli.Commands.Mcp;

/// <summary>A line of the host, as far as the way to the server goes by it; what it means is the server's business.</summary>
/// <param name="Line">As it came.</param>
/// <param name="Id">Its id in JSON, if it wants an answer.</param>
/// <param name="Method">Its method, if it has one.</param>
/// <param name="Body">Its content; null when it is no JSON object.</param>
internal sealed record BridgeMessage(string Line, string? Id, string? Method, JsonObject? Body)
{
    private const string RevisionKey = "io.modelcontextprotocol/protocolVersion";
    private const int ServerError = -32000;

    /// <summary>The id of the call that this message calls off; null when it does something else.</summary>
    public string? Cancels => Method == "notifications/cancelled" ? (Body?["params"] as JsonObject)?["requestId"]?.ToJsonString() : null;

    public static BridgeMessage Read(string line)
    {
        try
        {
            var body = JsonNode.Parse(line) as JsonObject;
            string? method = body?["method"] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
            return new BridgeMessage(line, method is null ? null : body!["id"]?.ToJsonString(), method, body);
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            return new BridgeMessage(line, null, null, null); // The server says what is wrong with it.
        }
    }

    /// <summary>The revision that an answer to initialize agrees on; null for every other answer.</summary>
    public static string? NegotiatedIn(string answer) =>
        answer.Contains("\"protocolVersion\"", StringComparison.Ordinal) && (Read(answer).Body?["result"] as JsonObject)?["protocolVersion"] is JsonValue value ? value.GetValue<string>() : null;

    /// <summary>What HTTP wants to be told beside the message.</summary>
    /// <param name="negotiated">The revision that initialize agreed on, if it came before.</param>
    public IEnumerable<(string Name, string Value)> Headers(string? negotiated)
    {
        var parameters = Body?["params"] as JsonObject;
        string? declared = (parameters?["_meta"] as JsonObject)?[RevisionKey] is JsonValue meta && meta.TryGetValue(out string? text) ? text : null;
        if ((declared ?? negotiated) is { } revision && Method != "initialize") yield return ("MCP-Protocol-Version", revision);
        if (declared is null || Method is null) yield break;
        yield return ("Mcp-Method", Method);
        if (Method == "tools/call" && parameters!["name"] is JsonValue name && name.TryGetValue(out string? tool)) yield return ("Mcp-Name", tool);
    }

    /// <summary>Why the server did not take a message: the code and detail of its problem, else its status.</summary>
    public static string ReasonOf(HttpStatusCode status, string body)
    {
        try
        {
            return JsonNode.Parse(body) is JsonObject problem && problem["code"] is { } code ? $"{code}: {problem["detail"]}" : $"The server answered {(int)status}.";
        }
        catch (JsonException)
        {
            return $"The server answered {(int)status}.";
        }
    }

    /// <summary>The answer when there is none from the server; null when none is wanted. A model gets to see why its call failed.</summary>
    public string? Refusal(string reason)
    {
        if (Id is null) return null;
        var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = JsonNode.Parse(Id) };
        if (Method == "tools/call") answer["result"] = new JsonObject { ["isError"] = true, ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = reason }) };
        else answer["error"] = new JsonObject { ["code"] = ServerError, ["message"] = reason };
        return answer.ToJsonString();
    }
}
