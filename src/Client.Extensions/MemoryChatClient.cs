using System.Runtime.CompilerServices;
using LatentDb.Client.Models;
using Microsoft.Extensions.AI;

namespace LatentDb.Client.Extensions;

/// <summary>
/// A memory as an <see cref="IChatClient"/>: the model answers with what the memory holds. The messages of each call are the prompt; what was injected is
/// not among them. Thread-safe; disposing it closes nothing, because the connection belongs to whoever made the <see cref="MemoryClient"/>.
/// </summary>
public sealed class MemoryChatClient : IChatClient
{
    /// <summary>Key under which <see cref="ChatResponse.AdditionalProperties"/> holds the version that was read.</summary>
    public const string VersionProperty = "latentdb.version";

    /// <summary>Key under which <see cref="ChatResponse.AdditionalProperties"/> holds the version that the conversation was written as, when it was.</summary>
    public const string WrittenVersionProperty = "latentdb.written_version";

    private readonly MemoryClient _memory;
    private readonly MemoryChatOptions _options;
    private readonly ChatClientMetadata _metadata;

    /// <param name="memory">What is asked.</param>
    /// <param name="options">Which version is read and what is written; null = the newest, nothing.</param>
    public MemoryChatClient(MemoryClient memory, MemoryChatOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        _memory = memory;
        _options = options ?? new MemoryChatOptions();
        _metadata = new ChatClientMetadata("latentdb");
    }

    /// <exception cref="NotSupportedException">The call asks for what a memory cannot do: tools, pictures, a JSON schema.</exception>
    /// <exception cref="ApiProblemException">The server refused.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        QueryRequest request = MemoryChatRequest.Of(messages, options, _options.At);
        QueryAnswer answer = await _memory.QueryAsync(request, cancellationToken).ConfigureAwait(false);
        long? written = await WriteAsync(request, answer.Text, cancellationToken).ConfigureAwait(false);
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, answer.Text))
        {
            FinishReason = ReasonOf(answer),
            Usage = UsageOf(answer),
            RawRepresentation = answer,
            AdditionalProperties = PropertiesOf(answer, written),
        };
    }

    /// <exception cref="NotSupportedException">The call asks for what a memory cannot do: tools, pictures, a JSON schema.</exception>
    /// <exception cref="ApiProblemException">The server refused, or gave up in the middle.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        QueryRequest request = MemoryChatRequest.Of(messages, options, _options.At);
        string responseId = Guid.NewGuid().ToString("N");
        await foreach (QueryStep step in _memory.StreamAsync(request, cancellationToken).ConfigureAwait(false))
        {
            if (step is QueryText piece) yield return new ChatResponseUpdate(ChatRole.Assistant, piece.Text) { ResponseId = responseId, MessageId = responseId };
            if (step is not QueryDone { Answer: var answer }) continue;
            long? written = await WriteAsync(request, answer.Text, cancellationToken).ConfigureAwait(false);
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(UsageOf(answer))])
            {
                ResponseId = responseId,
                MessageId = responseId,
                FinishReason = ReasonOf(answer),
                RawRepresentation = answer,
                AdditionalProperties = PropertiesOf(answer, written),
            };
        }
    }

    /// <summary>This client, its memory, or what it says about itself.</summary>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null) return null;
        if (serviceType == typeof(ChatClientMetadata)) return _metadata;
        if (serviceType == typeof(MemoryClient)) return _memory;
        return serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Nothing is owned.</summary>
    public void Dispose()
    {
    }

    private async Task<long?> WriteAsync(QueryRequest request, string answer, CancellationToken cancellationToken)
    {
        if (_options.Writes == MemoryChatWrites.None || request.Messages?.LastOrDefault(m => m.Role == "user") is not { } said) return null;
        IReadOnlyList<Message> told = _options.Writes == MemoryChatWrites.User || answer.Length == 0 ? [said] : [said, new Message("assistant", answer)];
        InjectAnswer written = await _memory.InjectAsync(new InjectRequest { Messages = told }, null, cancellationToken).ConfigureAwait(false);
        return written.Version;
    }

    private static ChatFinishReason ReasonOf(QueryAnswer answer) => answer.FinishReason == "length" ? ChatFinishReason.Length : ChatFinishReason.Stop;

    private static UsageDetails UsageOf(QueryAnswer answer) => new()
    {
        InputTokenCount = answer.Usage.PromptTokens,
        OutputTokenCount = answer.Usage.CompletionTokens,
        TotalTokenCount = answer.Usage.TotalTokens,
    };

    private static AdditionalPropertiesDictionary PropertiesOf(QueryAnswer answer, long? written)
    {
        var properties = new AdditionalPropertiesDictionary { [VersionProperty] = answer.Version };
        if (written is { } version) properties[WrittenVersionProperty] = version;
        return properties;
    }
}
