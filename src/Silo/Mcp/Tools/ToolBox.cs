using System.Text.Json;
using System.Text.Json.Nodes;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Audit;
using LatentDb.Silo.Http;
using LatentDb.Silo.Limits;
using LatentDb.Silo.Security;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace LatentDb.Silo.Mcp.Tools;

/// <summary>The tools that one caller has, and their calls. What is refused is told to the model as the result of the call, so that it can do better.</summary>
internal sealed partial class ToolBox(HttpContext context, RequestScope scope, McpSettings settings, ILogger logger)
{
    private static readonly IMemoryTool[] All =
    [
        Remember.Tool, Recall.Tool, ListVersions.Tool, TakeSnapshot.Tool, RollBack.Tool, CompareVersions.Tool, ForgetMemory.Tool, ListMemories.Tool,
    ];

    /// <summary>What the caller's key and the host's settings allow.</summary>
    public List<Tool> List() => [.. All.Where(t => IsOffered(t.Card) && scope.Caller.Role >= t.Card.Role).Select(t => t.Describe(settings.Memory is null))];

    public async Task<CallToolResult> CallAsync(CallToolRequestParams? call, CancellationToken cancellationToken)
    {
        IMemoryTool tool = All.FirstOrDefault(t => t.Card.Name == call?.Name) ?? throw new McpProtocolException("There is no such tool; tools/list tells what there is.", McpErrorCode.InvalidParams);
        try
        {
            if (!IsOffered(tool.Card)) throw new LatentDbException(SecurityErrorCode.Forbidden, $"The tool {tool.Card.Name} is not offered in this setup; the person who set up the host decides that.");
            scope.Require(tool.Card.Role);
            var arguments = new JsonObject(call!.Arguments?.Select(a => KeyValuePair.Create(a.Key, (JsonNode?)JsonSerializer.SerializeToNode(a.Value))) ?? []);
            string memory = tool.Card.IsAboutOneMemory ? settings.Memory ?? TakeMemory(arguments) : string.Empty;
            using Admission place = await scope.AdmitAsync(tool.Card.Costs, cancellationToken).ConfigureAwait(false);
            if (tool.Card.Action is { } action) AuditNote.Of(context)?.Write(action, memory);
            return await tool.RunAsync(new ToolCall(scope, memory, settings), arguments, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw; // Nobody waits for the result.
        }
        catch (Exception error) when (ProblemTranslator.Translate(error) is { } known)
        {
            LogRefused(tool.Card.Name, known.Code.Name);
            return Refusal(known);
        }
#pragma warning disable CA1031 // The edge of a call: its status is sent already, so a defect is told in its result.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogDefect(error, tool.Card.Name);
            return Refusal(ProblemTranslator.Defect(error));
        }
    }

    private bool IsOffered(ToolCard card) =>
        (settings.AllowsErasing || card.Effect != ToolEffect.Destroys) && (settings.Memory is null || card.IsAboutOneMemory);

    private static string TakeMemory(JsonObject arguments)
    {
        string? memory = arguments[ToolSchema.MemoryArgument] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
        arguments.Remove(ToolSchema.MemoryArgument);
        return memory ?? throw new LatentDbException(ErrorCode.InvalidRequest, $"The argument {ToolSchema.MemoryArgument} must name a memory; list_memories tells which there are.");
    }

    private CallToolResult Refusal(LatentDbException error)
    {
        ApiProblem problem = ProblemWriter.ToProblem(context, error);
        string when = error.RetryAfter is { } delay ? $" Try again in {Math.Ceiling(delay.TotalSeconds)} s." : string.Empty;
        return new CallToolResult
        {
            IsError = true,
            Content = [new TextContentBlock { Text = $"{problem.Code}: {problem.Detail}{when}" }],
            Meta = new JsonObject { ["latentdb/problem"] = JsonSerializer.SerializeToNode(problem, ApiJson.Options) },
        };
    }

    [LoggerMessage(4121, LogLevel.Debug, "Refused the tool {Tool} with {Code}")]
    private partial void LogRefused(string tool, string code);

    [LoggerMessage(4122, LogLevel.Error, "The tool {Tool} failed by a defect")]
    private partial void LogDefect(Exception error, string tool);
}
