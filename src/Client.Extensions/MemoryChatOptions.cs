namespace LatentDb.Client.Extensions;

/// <summary>How a conversation uses its memory.</summary>
public sealed record MemoryChatOptions
{
    /// <summary>The version that is read: number, RFC 3339 time or snapshot name; null = the newest.</summary>
    public string? At { get; init; }

    /// <summary>What is written into the memory once an answer is whole.</summary>
    public MemoryChatWrites Writes { get; init; }
}

/// <summary>What of a conversation is written into the memory.</summary>
public enum MemoryChatWrites
{
    /// <summary>Nothing: asking changes no memory.</summary>
    None,

    /// <summary>The last message of the user.</summary>
    User,

    /// <summary>The last message of the user and the answer. What a model said is remembered as if it were true; <see cref="User"/> is safer.</summary>
    Exchange,
}
