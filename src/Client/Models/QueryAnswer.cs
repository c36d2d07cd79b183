namespace LatentDb.Client.Models;

/// <summary>An answer.</summary>
/// <param name="Text">What the model said.</param>
/// <param name="Version">The version that was read.</param>
/// <param name="FinishReason">stop or length.</param>
/// <param name="Usage">Tokens.</param>
/// <param name="Retrieved">What came from the long-term bank.</param>
/// <param name="TimingsMs">Milliseconds per stage.</param>
public sealed record QueryAnswer(
    string Text, long Version, string FinishReason, TokenUsage Usage, RetrievedRows Retrieved, IReadOnlyDictionary<string, double> TimingsMs);

/// <summary>Tokens of a query.</summary>
public sealed record TokenUsage(int PromptTokens, int CompletionTokens, int TotalTokens);

/// <summary>Rows that were retrieved from the long-term bank.</summary>
/// <param name="RowsPerLayer">One number per layer; empty for a model without a bank.</param>
/// <param name="Blocks">Where they come from, most rows first.</param>
public sealed record RetrievedRows(IReadOnlyList<int> RowsPerLayer, IReadOnlyList<RetrievedBlock> Blocks);

/// <summary>One block's share.</summary>
/// <param name="Write">The write that made the block, counted from 1; 0 = the model's own rows.</param>
/// <param name="Rows">Rows over all layers.</param>
public sealed record RetrievedBlock(long Write, int Rows);

/// <summary>A step of a streamed answer.</summary>
public abstract record QueryStep;

/// <summary>The next piece of text.</summary>
public sealed record QueryText(string Text) : QueryStep;

/// <summary>The last step of every stream that ended well.</summary>
public sealed record QueryDone(QueryAnswer Answer) : QueryStep;
