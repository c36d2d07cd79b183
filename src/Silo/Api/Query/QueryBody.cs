using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Query;

/// <summary>The body of a query.</summary>
/// <param name="Prompt">Text that the model continues. Either this or messages.</param>
/// <param name="Messages">A conversation; the model answers its last turn.</param>
/// <param name="MaxTokens">At most this many new tokens; 64 by default.</param>
/// <param name="Temperature">0 (greedy, the default) to 2.</param>
/// <param name="TopP">Above 0, up to 1.</param>
/// <param name="TopK">0 = all.</param>
/// <param name="RepetitionPenalty">Above 0, up to 2; 1 = off.</param>
/// <param name="Seed">What sampling draws from; 0 by default.</param>
/// <param name="Stop">Up to 16 strings that end the answer.</param>
/// <param name="Retrieve">False: the long-term bank is not read, so that the model answers from the pool alone.</param>
/// <param name="At">Version number, RFC 3339 time, snapshot name, or "head".</param>
/// <param name="Stream">True: server-sent events.</param>
internal sealed record QueryBody(
    string? Prompt = null,
    MessageBody[]? Messages = null,
    int MaxTokens = 64,
    float Temperature = 0,
    float TopP = 1,
    int TopK = 0,
    float RepetitionPenalty = 1,
    ulong Seed = 0,
    string[]? Stop = null,
    bool Retrieve = true,
    string? At = null,
    bool Stream = false)
{
    private const int MaxStops = 16;
    private const int MaxStopLength = 256;

    /// <exception cref="LatentDbException">invalid_request, invalid_name.</exception>
    public QueryCommand ToCommand()
    {
        Require(MaxTokens >= 1, "max_tokens must be 1 or more.");
        Require(Temperature is >= 0 and <= 2, "temperature must be 0 to 2.");
        Require(TopP is > 0 and <= 1, "top_p must be above 0 and at most 1.");
        Require(TopK >= 0, "top_k must be 0 or more.");
        Require(RepetitionPenalty is > 0 and <= 2, "repetition_penalty must be above 0 and at most 2.");
        string[] stops = Stop ?? [];
        Require(stops.Length <= MaxStops, $"stop may hold {MaxStops} strings.");
        Require(stops.All(s => s is { Length: >= 1 and <= MaxStopLength }), $"Each string of stop must have 1 to {MaxStopLength} characters.");
        var options = new GenerationOptions
        {
            MaxTokens = MaxTokens,
            Temperature = Temperature,
            TopP = TopP,
            TopK = TopK,
            RepetitionPenalty = RepetitionPenalty,
            Seed = Seed,
            Stop = [.. stops],
        };
        return new QueryCommand(TextBodies.Parse(Prompt, Messages, "prompt"), options, At is null ? VersionSelector.Head : VersionSelector.Parse(At), Retrieve);
    }

    private static void Require(bool holds, string why)
    {
        if (!holds) throw new LatentDbException(ErrorCode.InvalidRequest, why);
    }
}
