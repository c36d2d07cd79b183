namespace LatentDb.ModelHost.Tokenizers;

/// <summary>Bounds on what a tokenizer.json may claim.</summary>
internal static class TokenizerLimits
{
    /// <summary>Token ids; 32 times Llama 3's 128,256.</summary>
    public const int MaxVocabulary = 1 << 22;

    /// <summary>Added tokens; Llama 3 has 256.</summary>
    public const int MaxAddedTokens = 1 << 16;

    /// <summary>Characters of one token; the longest of Llama 3 has 128 spaces.</summary>
    public const int MaxTokenChars = 4096;

    /// <summary>Time that a pattern of the file may take on one text before it is given up; only unusual patterns run as regular expressions.</summary>
    public static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(10);
}
