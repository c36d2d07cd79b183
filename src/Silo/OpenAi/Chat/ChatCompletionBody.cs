using System.Text.Json;
using System.Text.Json.Serialization;

namespace LatentDb.Silo.OpenAi.Chat;

/// <summary>
/// The body of a chat completion. OpenAI's API grows without asking us, so what is not here is ignored; what is here but cannot be done is refused by
/// <see cref="UnsupportedParameters"/>, because an answer that ignores it would be a wrong one.
/// </summary>
/// <param name="Model">The served model's id, or latentdb for whatever is served.</param>
/// <param name="Messages">The conversation; its last turn is answered.</param>
/// <param name="User">The memory, unless the header X-Memory-Id names it.</param>
/// <param name="MaxCompletionTokens">At most this many new tokens; what the server allows by default.</param>
/// <param name="MaxTokens">The older name of max_completion_tokens.</param>
/// <param name="Temperature">0 (greedy, the default) to 2.</param>
/// <param name="TopP">Above 0, up to 1.</param>
/// <param name="TopK">0 = all. Not OpenAI's.</param>
/// <param name="RepetitionPenalty">Above 0, up to 2; 1 = off. Not OpenAI's.</param>
/// <param name="Seed">What sampling draws from; drawn by the server when absent.</param>
/// <param name="Stop">A string, or up to 16 strings, that end the answer.</param>
/// <param name="Stream">True: server-sent events.</param>
/// <param name="StreamOptions">What the stream holds beside the text.</param>
/// <param name="N">1.</param>
/// <param name="Tools">None.</param>
/// <param name="Functions">None.</param>
/// <param name="ToolChoice">none or auto.</param>
/// <param name="ResponseFormat">Text.</param>
/// <param name="Modalities">Text.</param>
/// <param name="Audio">None.</param>
/// <param name="Logprobs">False.</param>
/// <param name="TopLogprobs">0.</param>
/// <param name="LogitBias">None.</param>
/// <param name="FrequencyPenalty">0.</param>
/// <param name="PresencePenalty">0.</param>
/// <param name="WebSearchOptions">None.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
internal sealed record ChatCompletionBody(
    string Model,
    ChatMessageBody[] Messages,
    string? User = null,
    int? MaxCompletionTokens = null,
    int? MaxTokens = null,
    float? Temperature = null,
    float? TopP = null,
    int? TopK = null,
    float? RepetitionPenalty = null,
    long? Seed = null,
    JsonElement? Stop = null,
    bool? Stream = null,
    StreamOptionsBody? StreamOptions = null,
    int? N = null,
    JsonElement? Tools = null,
    JsonElement? Functions = null,
    JsonElement? ToolChoice = null,
    JsonElement? ResponseFormat = null,
    string[]? Modalities = null,
    JsonElement? Audio = null,
    bool? Logprobs = null,
    int? TopLogprobs = null,
    JsonElement? LogitBias = null,
    float? FrequencyPenalty = null,
    float? PresencePenalty = null,
    JsonElement? WebSearchOptions = null);

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">system, developer, user, assistant or tool.</param>
/// <param name="Content">A string, or a list of parts of type text.</param>
/// <param name="ToolCalls">None.</param>
/// <param name="FunctionCall">None.</param>
/// <param name="Audio">None.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
internal sealed record ChatMessageBody(string Role, JsonElement? Content = null, JsonElement? ToolCalls = null, JsonElement? FunctionCall = null, JsonElement? Audio = null);

/// <summary>What a stream holds beside the text.</summary>
/// <param name="IncludeUsage">True: one more chunk before the end, with no choices and the usage.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
internal sealed record StreamOptionsBody(bool? IncludeUsage = null);
