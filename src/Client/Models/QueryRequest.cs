namespace LatentDb.Client.Models;

/// <summary>A question: either a prompt or messages. What is null is chosen by the server.</summary>
public sealed record QueryRequest
{
    /// <summary>Text that the model continues.</summary>
    public string? Prompt { get; init; }

    /// <summary>A conversation; the model answers its last turn.</summary>
    public IReadOnlyList<Message>? Messages { get; init; }

    public int? MaxTokens { get; init; }

    /// <summary>0 (greedy) to 2.</summary>
    public double? Temperature { get; init; }

    /// <summary>Above 0, up to 1.</summary>
    public double? TopP { get; init; }

    /// <summary>0 = all.</summary>
    public int? TopK { get; init; }

    /// <summary>Above 0, up to 2; 1 = off.</summary>
    public double? RepetitionPenalty { get; init; }

    public ulong? Seed { get; init; }

    /// <summary>Strings that end the answer.</summary>
    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>False: the long-term bank is not read, so that the model answers from the pool alone. Null = true.</summary>
    public bool? Retrieve { get; init; }

    /// <summary>Version number, RFC 3339 time, snapshot name, or "head".</summary>
    public string? At { get; init; }
}
