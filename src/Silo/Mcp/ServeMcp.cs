using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LatentDb.Silo.Http;
using LatentDb.Silo.Mcp.Tools;
using Microsoft.Extensions.Logging.Abstractions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace LatentDb.Silo.Mcp;

/// <summary>
/// POST /mcp: one message, answered by a server of the protocol that lives as long as the request. The tools need nothing of one another, so there are
/// no sessions: nothing to bound, to expire or to steal, and each message is judged by the key that it comes with.
/// </summary>
internal sealed class ServeMcp(BodyReader reader, ILogger<ServeMcp> logger)
{
    private static readonly JsonTypeInfo Message = McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage));

    private static readonly Implementation ServerInfo = new() { Name = "latentdb", Title = "LatentDB", Version = typeof(ServeMcp).Assembly.GetName().Version!.ToString(3) };

    public async Task HandleAsync(HttpContext context, RequestScope scope)
    {
        McpSettings settings = McpSettings.Of(context.Request);
        if (await reader.ReadAsync(context.Request, TryParse, context.RequestAborted).ConfigureAwait(false) is not { } message)
        {
            await RefuseAsync(context, default, new JsonRpcErrorDetail { Code = (int)McpErrorCode.InvalidRequest, Message = "The body is not one JSON-RPC message." }).ConfigureAwait(false);
            return;
        }

        if (McpEnvelope.Check(context.Request, message) is { } mistake)
        {
            await RefuseAsync(context, message is JsonRpcRequest { Id: var id } ? id : default, mistake).ConfigureAwait(false);
            return;
        }

        if (McpEnvelope.VersionOf(context.Request) is { } version) message.Context = new JsonRpcMessageContext { ProtocolVersion = version };
        await AnswerAsync(context, message, OptionsOf(new ToolBox(context, scope, settings, logger), settings)).ConfigureAwait(false);
    }

    private static async Task AnswerAsync(HttpContext context, JsonRpcMessage message, McpServerOptions options)
    {
        CancellationToken cancellationToken = context.RequestAborted;

        // The library's own log would hold what users said.
        var transport = new StreamableHttpServerTransport(NullLoggerFactory.Instance) { Stateless = true };
        McpServer server = McpServer.Create(transport, options, NullLoggerFactory.Instance, context.RequestServices);
        await using (server.ConfigureAwait(false))
        await using (transport.ConfigureAwait(false))
        {
            Task running = server.RunAsync(cancellationToken);
            new ServerSentEvents(context).Begin();
            using var answer = new LateStream(context.Response.Body);
            bool hasAnswered = await transport.HandlePostRequestAsync(message, answer, ChooseStatus(context), cancellationToken).ConfigureAwait(false);
            if (!hasAnswered)
            {
                context.Response.ContentType = null;
                context.Response.StatusCode = StatusCodes.Status202Accepted;
            }

            await transport.DisposeAsync().ConfigureAwait(false);
            await running.ConfigureAwait(false);
        }
    }

    /// <summary>Null: the status of an answer is always 200, and need not wait for it.</summary>
    private static Func<JsonRpcMessage?, ValueTask>? ChooseStatus(HttpContext context)
    {
        if (!McpEnvelope.IsSelfContained(context.Request)) return null;
        return first =>
        {
            if (!context.Response.HasStarted) context.Response.StatusCode = McpEnvelope.StatusOf(first);
            return ValueTask.CompletedTask;
        };
    }

    private static McpServerOptions OptionsOf(ToolBox tools, McpSettings settings) => new()
    {
        ServerInfo = ServerInfo,
        ServerInstructions = Instructions(settings),
        ScopeRequests = false,
        Capabilities = new ServerCapabilities { Tools = new ToolsCapability() },
        Handlers = new McpServerHandlers
        {
            ListToolsHandler = (_, _) => ValueTask.FromResult(new ListToolsResult { Tools = tools.List() }),
            CallToolHandler = async (call, cancellationToken) => await tools.CallAsync(call.Params, cancellationToken).ConfigureAwait(false),
        },
    };

    private static string Instructions(McpSettings settings)
    {
        string which = settings.Memory is { } memory ? $"the memory '{memory}'" : "the memories of this server; each call names one";
        return $"LatentDB keeps what a model has been told across conversations. These tools work on {which}. Use remember for facts that shall last and recall to ask for them. "
            + "Every change makes a new version: list_versions shows them, snapshot names one, rollback goes back to one, and nothing is lost by that.";
    }

    private static JsonRpcMessage? TryParse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return (JsonRpcMessage?)JsonSerializer.Deserialize(body.Span, Message);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            return null; // Not JSON, no message, half of a surrogate pair, or a property twice: the answer is the same.
        }
    }

    private static Task RefuseAsync(HttpContext context, RequestId id, JsonRpcErrorDetail mistake)
    {
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        return context.Response.WriteAsJsonAsync(new JsonRpcError { Id = id, Error = mistake }, Message, "application/json", context.RequestAborted);
    }
}
