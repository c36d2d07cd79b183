using System.Collections.Immutable;

namespace LatentDb.ModelHost.Contracts;

/// <summary>How tokens are chosen and when generation ends. The edge checks the ranges before it makes one.</summary>
public sealed record GenerationOptions
{
    /// <summary>At most this many new tokens, 1 or more.</summary>
    public int MaxTokens { get; init; } = 64;

    /// <summary>0 = greedy; else logits are divided by it. Range 0 to 2.</summary>
    public float Temperature { get; init; }

    /// <summary>Keep the smallest set of tokens whose probabilities reach this sum (Holtzman et al. 2019). Range (0, 1]; 1 = all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keep this many of the likeliest tokens; 0 = all.</summary>
    public int TopK { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens already in the text (Keskar et al. 2019); 1 = off. Range (0, 2].</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>What sampling draws from: the same version, prompt, options and seed give the same tokens on the same back end.</summary>
    public ulong Seed { get; init; }

    /// <summary>Generation ends before the first of these strings; they are not part of the answer.</summary>
    public ImmutableArray<string> Stop { get; init; } = [];
}
