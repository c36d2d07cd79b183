using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.OpenAi.Chat;

/// <summary>How a completion chooses its tokens.</summary>
internal static class ChatSampling
{
    private const int MaxStops = 16;
    private const int MaxStopLength = 256;

    /// <exception cref="LatentDbException">invalid_request, with the parameter.</exception>
    public static QueryCommand CommandOf(ChatCompletionBody body, ChatRun run, int mostTokens)
    {
        int maxTokens = body.MaxCompletionTokens ?? body.MaxTokens ?? mostTokens;
        Require(maxTokens >= 1, body.MaxCompletionTokens is null ? "max_tokens" : "max_completion_tokens", "must be 1 or more");
        Require(body.Temperature is null or (>= 0 and <= 2), "temperature", "must be 0 to 2");
        Require(body.TopP is null or (> 0 and <= 1), "top_p", "must be above 0 and at most 1");
        Require(body.TopK is null or >= 0, "top_k", "must be 0 or more");
        Require(body.RepetitionPenalty is null or (> 0 and <= 2), "repetition_penalty", "must be above 0 and at most 2");
        var options = new GenerationOptions
        {
            MaxTokens = maxTokens,
            Temperature = body.Temperature ?? 0,
            TopP = body.TopP ?? 1,
            TopK = body.TopK ?? 0,
            RepetitionPenalty = body.RepetitionPenalty ?? 1,
            Seed = unchecked((ulong)run.Completion.Seed),
            Stop = StopsOf(body.Stop),
        };
        return new QueryCommand(run.Talk, options, run.Headers.At);
    }

    /// <summary>Whoever asks twice without a seed wants two samples. Below 2^53, so that every JSON parser reads it exactly.</summary>
    public static long NewSeed() => (long)(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) >> 11);

    private static ImmutableArray<string> StopsOf(JsonElement? stop)
    {
        if (UnsupportedParameters.IsEmpty(stop)) return [];
        ImmutableArray<string> stops = stop!.Value switch
        {
            { ValueKind: JsonValueKind.String } one => [UnicodeText.Of(one)],
            { ValueKind: JsonValueKind.Array } many when many.EnumerateArray().All(s => s.ValueKind == JsonValueKind.String) => [.. many.EnumerateArray().Select(UnicodeText.Of)],
            _ => throw Invalid("stop", "must be a string or a list of strings"),
        };
        Require(stops.Length <= MaxStops, "stop", $"may hold {MaxStops} strings");
        Require(stops.All(s => s.Length is >= 1 and <= MaxStopLength), "stop", $"must hold strings of 1 to {MaxStopLength} characters");
        return stops;
    }

    private static void Require(bool holds, string parameter, string why)
    {
        if (!holds) throw Invalid(parameter, why);
    }

    private static ParameterException Invalid(string parameter, string why) => new(ErrorCode.InvalidRequest, parameter, $"{parameter} {why}.");
}
