using System.Text.Json;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.OpenAi.Chat;

/// <summary>Refuses what would change the meaning of an answer and is not there. A value that asks for nothing (n = 1, an empty list of tools) is harmless.</summary>
internal static class UnsupportedParameters
{
    /// <exception cref="ParameterException">unsupported_parameter, with the parameter's name.</exception>
    public static void Refuse(ChatCompletionBody body)
    {
        Require(body.N is null or 1, "n", "one answer is made per request");
        Require(IsEmpty(body.Tools), "tools", "the model calls no tools");
        Require(IsEmpty(body.Functions), "functions", "the model calls no functions");
        Require(body.ToolChoice is not { } choice || IsEmpty(choice) || IsWord(choice, "none", "auto"), "tool_choice", "the model calls no tools");
        Require(IsText(body.ResponseFormat), "response_format", "answers are text");
        Require(body.Modalities is null || body.Modalities.All(m => m == "text"), "modalities", "answers are text");
        Require(IsEmpty(body.Audio), "audio", "answers are text");
        Require(body.Logprobs is not true, "logprobs", "probabilities are not told");
        Require(body.TopLogprobs is null or 0, "top_logprobs", "probabilities are not told");
        Require(IsEmpty(body.LogitBias), "logit_bias", "the bias of single tokens cannot be set");
        Require(body.FrequencyPenalty is null or 0, "frequency_penalty", "use repetition_penalty");
        Require(body.PresencePenalty is null or 0, "presence_penalty", "use repetition_penalty");
        Require(IsEmpty(body.WebSearchOptions), "web_search_options", "the server searches no web");
    }

    /// <summary>A part of a message that is more than text.</summary>
    public static ParameterException Refusal(string parameter, string why) =>
        new(HttpErrorCode.UnsupportedParameter, parameter, $"{parameter} cannot be used as it is: {why}.");

    /// <summary>Absent, null, or a list or object with nothing in it.</summary>
    public static bool IsEmpty(JsonElement? value) => value is not { } given || given.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.Array => given.GetArrayLength() == 0,
        JsonValueKind.Object => !given.EnumerateObject().Any(),
        _ => false,
    };

    private static bool IsWord(JsonElement value, params string[] words) => value.ValueKind == JsonValueKind.String && words.Contains(UnicodeText.Of(value));

    private static bool IsText(JsonElement? format) =>
        IsEmpty(format) || (format is { ValueKind: JsonValueKind.Object } given && given.TryGetProperty("type", out JsonElement type) && IsWord(type, "text"));

    private static void Require(bool holds, string parameter, string why)
    {
        if (!holds) throw Refusal(parameter, why);
    }
}
