using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Query;

/// <summary>The answer to a query; a stream ends with the same object.</summary>
/// <param name="Text">What the model said.</param>
/// <param name="Version">The version that was read.</param>
/// <param name="FinishReason">stop or length.</param>
/// <param name="Usage">Tokens.</param>
/// <param name="Retrieved">What came from the long-term bank.</param>
/// <param name="TimingsMs">Milliseconds per stage.</param>
internal sealed record QueryAnswer(string Text, long Version, FinishReason FinishReason, UsageBody Usage, RetrievedBody Retrieved, TimingsBody TimingsMs)
{
    public static QueryAnswer Of(string text, long version, GenerationCompleted end) => new(
        text,
        version,
        end.Reason,
        new UsageBody(end.Usage.PromptTokens, end.Usage.CompletionTokens, end.Usage.PromptTokens + end.Usage.CompletionTokens),
        new RetrievedBody([.. end.Retrieved.RowsPerLayer], [.. end.Retrieved.Blocks.Select(b => new RetrievedBlockBody(b.WrittenAt, b.Rows))]),
        TimingsBody.Of(end.Timings));
}

/// <summary>Tokens of a query.</summary>
internal sealed record UsageBody(int PromptTokens, int CompletionTokens, int TotalTokens);

/// <summary>Rows that were retrieved from the long-term bank.</summary>
/// <param name="RowsPerLayer">One number per layer; empty for a model without a bank.</param>
/// <param name="Blocks">Where they come from, most rows first.</param>
internal sealed record RetrievedBody(int[] RowsPerLayer, RetrievedBlockBody[] Blocks);

/// <summary>One block's share.</summary>
/// <param name="Write">The write (chunk) that made the block, counted from 1 in this line of versions; 0 = the model's own rows.</param>
/// <param name="Rows">Rows over all layers.</param>
internal sealed record RetrievedBlockBody(long Write, int Rows);

/// <summary>One piece of a streamed answer.</summary>
internal sealed record TokenBody(string Text);
