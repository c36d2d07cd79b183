using System.Text.Json.Serialization;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.OpenAi.Chat;

/// <summary>A whole answer.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Object">chat.completion.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Model">The served model's id.</param>
/// <param name="SystemFingerprint">What the answer depends on beside the request: the model.</param>
/// <param name="Choices">One.</param>
/// <param name="Usage">Tokens.</param>
/// <param name="Latentdb">What OpenAI's API has no word for.</param>
internal sealed record ChatCompletion(
    string Id, string Object, long Created, string Model, string SystemFingerprint, ChatChoice[] Choices, ChatUsage Usage, ChatMemory Latentdb);

/// <summary>The one answer.</summary>
internal sealed record ChatChoice(
    int Index,
    ChatAnswerMessage Message,
    FinishReason FinishReason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] object? Logprobs = null);

/// <summary>What the model said.</summary>
internal sealed record ChatAnswerMessage(
    string Role, string Content, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Refusal = null);

/// <summary>Tokens of a completion.</summary>
internal sealed record ChatUsage(int PromptTokens, int CompletionTokens, int TotalTokens)
{
    public static ChatUsage Of(TokenUsage usage) => new(usage.PromptTokens, usage.CompletionTokens, usage.PromptTokens + usage.CompletionTokens);
}

/// <summary>What the memory had to do with it.</summary>
/// <param name="Memory">Its id.</param>
/// <param name="Version">The version that was read.</param>
/// <param name="InjectedVersion">The version that holds what was said; absent when nothing was injected.</param>
/// <param name="Seed">What sampling drew from.</param>
/// <param name="TimingsMs">Milliseconds per stage of the answer.</param>
internal sealed record ChatMemory(string Memory, long Version, long? InjectedVersion, long Seed, TimingsBody TimingsMs);

/// <summary>A piece of a streamed answer.</summary>
/// <param name="Id">The same in all pieces.</param>
/// <param name="Object">chat.completion.chunk.</param>
/// <param name="Created">The same in all pieces.</param>
/// <param name="Model">The served model's id.</param>
/// <param name="SystemFingerprint">As in a whole answer.</param>
/// <param name="Choices">One; none in the piece that tells the usage.</param>
/// <param name="Usage">Absent unless asked for, and then only in the last piece.</param>
/// <param name="Latentdb">Only in the piece with the finish reason.</param>
internal sealed record ChatChunk(
    string Id, string Object, long Created, string Model, string SystemFingerprint, ChatChunkChoice[] Choices, ChatUsage? Usage = null, ChatMemory? Latentdb = null);

/// <summary>What a piece adds.</summary>
internal sealed record ChatChunkChoice(
    int Index,
    ChatDelta Delta,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] FinishReason? FinishReason = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] object? Logprobs = null);

/// <summary>Text that a piece adds; the first names the role.</summary>
internal sealed record ChatDelta(string? Role = null, string? Content = null);
