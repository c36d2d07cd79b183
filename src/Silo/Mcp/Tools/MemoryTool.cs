using System.Text.Json;
using System.Text.Json.Nodes;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Http;
using ModelContextProtocol.Protocol;

namespace LatentDb.Silo.Mcp.Tools;

/// <summary>A tool whose arguments and answer are records: their schemas, and the reading and writing, follow from them.</summary>
/// <param name="card">What is told of it.</param>
/// <param name="run">Does it.</param>
/// <param name="say">The answer in words; as JSON when null.</param>
internal sealed class MemoryTool<TArguments, TAnswer>(
    ToolCard card, Func<ToolCall, TArguments, CancellationToken, Task<TAnswer>> run, Func<TAnswer, string>? say = null) : IMemoryTool
    where TArguments : class
    where TAnswer : class
{
    public ToolCard Card => card;

    public Tool Describe(bool namesMemory) => new()
    {
        Name = card.Name,
        Title = card.Title,
        Description = card.Description,
        InputSchema = ToolSchema.Of<TArguments>(namesMemory && card.IsAboutOneMemory),
        OutputSchema = ToolSchema.Of<TAnswer>(namesMemory: false),
        Annotations = new ToolAnnotations
        {
            Title = card.Title,
            ReadOnlyHint = card.Effect == ToolEffect.Reads,
            DestructiveHint = card.Effect is ToolEffect.Changes or ToolEffect.Destroys,
            IdempotentHint = card.Effect == ToolEffect.Reads,
            OpenWorldHint = false,
        },
    };

    public async Task<CallToolResult> RunAsync(ToolCall call, JsonObject arguments, CancellationToken cancellationToken)
    {
        TAnswer answer = await run(call, Read(arguments), cancellationToken).ConfigureAwait(false);
        JsonElement structured = JsonSerializer.SerializeToElement(answer, ApiJson.Options);
        return new CallToolResult
        {
            Content = [new TextContentBlock { Text = say?.Invoke(answer) ?? JsonSerializer.Serialize(answer, ApiJson.Options) }],
            StructuredContent = structured,
        };
    }

    private static TArguments Read(JsonObject arguments)
    {
        try
        {
            return arguments.Deserialize<TArguments>(ApiJson.Options) ?? throw Wrong("are null");
        }
        catch (JsonException error)
        {
            throw Wrong(BodyReader.Describe(error), error);
        }
        catch (InvalidOperationException error)
        {
            throw Wrong("hold text that is not valid Unicode: half of a surrogate pair", error);
        }
    }

    private static LatentDbException Wrong(string how, Exception? cause = null) => new(ErrorCode.InvalidRequest, $"The arguments are not those of the tool: the object {how}.", cause);
}
