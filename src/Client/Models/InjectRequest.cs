using System.Text.Json;

namespace LatentDb.Client.Models;

/// <summary>What a memory shall hold: either text or messages.</summary>
public sealed record InjectRequest
{
    public string? Text { get; init; }

    public IReadOnlyList<Message>? Messages { get; init; }

    /// <summary>What the random drops are drawn from; null = the server draws one and stores it.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Any JSON object up to 4 KiB that is kept with the version.</summary>
    public JsonElement? Metadata { get; init; }
}

/// <summary>What a batch of injects did.</summary>
/// <param name="Id">The memory.</param>
/// <param name="Version">The head after the last text that was written.</param>
/// <param name="Items">Texts that were sent.</param>
/// <param name="Written">How many of them are written.</param>
/// <param name="IsReplay">True when all of them were written before under this idempotency key.</param>
/// <param name="Results">One for each that is written, in order.</param>
/// <param name="Problem">Why the next one was not written; null = all are. Sent again under its key, the batch goes on from there.</param>
public sealed record InjectBatchAnswer(string Id, long Version, int Items, int Written, bool IsReplay, IReadOnlyList<InjectAnswer> Results, Problem? Problem);

/// <summary>What an inject did.</summary>
/// <param name="Id">The memory.</param>
/// <param name="Version">The new head.</param>
/// <param name="CommittedAt">When it became visible.</param>
/// <param name="Tokens">Tokens of the text.</param>
/// <param name="PaddedTokens">Tokens added because the text was shorter than a chunk may be.</param>
/// <param name="Chunks">Pieces that the text was written in.</param>
/// <param name="Seed">What the drops were drawn from.</param>
/// <param name="IsReplay">The idempotency key was used before: nothing was written now.</param>
/// <param name="TimingsMs">Milliseconds per stage.</param>
public sealed record InjectAnswer(
    string Id,
    long Version,
    DateTimeOffset CommittedAt,
    int Tokens,
    int PaddedTokens,
    int Chunks,
    ulong Seed,
    bool IsReplay,
    IReadOnlyDictionary<string, double> TimingsMs);
