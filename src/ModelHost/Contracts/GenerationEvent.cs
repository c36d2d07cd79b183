using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.ModelHost.Contracts;

/// <summary>A step of an answer.</summary>
public abstract record GenerationEvent;

/// <summary>The next piece of text; whole characters only, never a part of one.</summary>
public sealed record GeneratedText(string Text) : GenerationEvent;

/// <summary>The last event of every answer that ended well.</summary>
public sealed record GenerationCompleted(FinishReason Reason, TokenUsage Usage, RetrievalReport Retrieved, StageTimings Timings) : GenerationEvent;

/// <summary>Why generation ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended its turn, or a stop string came.</summary>
    Stop,

    /// <summary>The token limit was reached.</summary>
    Length,
}

/// <summary>Tokens of a query.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CompletionTokens">Tokens generated.</param>
public sealed record TokenUsage(int PromptTokens, int CompletionTokens);

/// <summary>What the retriever took from the long-term bank at prefill.</summary>
/// <param name="RowsPerLayer">Rows taken in each layer; empty for a model without a bank.</param>
/// <param name="Blocks">The blocks they belong to, most rows first.</param>
public sealed record RetrievalReport(ImmutableArray<int> RowsPerLayer, ImmutableArray<RetrievedBlock> Blocks)
{
    public static RetrievalReport None { get; } = new([], []);
}

/// <summary>One block's share of what was retrieved.</summary>
/// <param name="Block">The block.</param>
/// <param name="WrittenAt">The write that made it (see <see cref="MemoryStore.Versions.ManifestBlock.WrittenAt"/>); 0 = the model's genesis.</param>
/// <param name="Rows">Rows taken, summed over the layers.</param>
public sealed record RetrievedBlock(BlockId Block, long WrittenAt, int Rows);
