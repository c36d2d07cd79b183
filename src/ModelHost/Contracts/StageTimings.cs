namespace LatentDb.ModelHost.Contracts;

/// <summary>Where the time of a request went. A stage that did not occur is zero.</summary>
public sealed record StageTimings
{
    /// <summary>Waiting for a place in the scheduler.</summary>
    public TimeSpan Queue { get; init; }

    /// <summary>Text to token ids.</summary>
    public TimeSpan Tokenize { get; init; }

    /// <summary>Bringing blocks into memory.</summary>
    public TimeSpan PageIn { get; init; }

    /// <summary>Inject: the write pass. Query: zero.</summary>
    public TimeSpan Encode { get; init; }

    /// <summary>Query: the prompt pass, retrieval included.</summary>
    public TimeSpan Prefill { get; init; }

    /// <summary>Query: all single-token steps.</summary>
    public TimeSpan Decode { get; init; }

    /// <summary>Inject: handing new slices to the store.</summary>
    public TimeSpan Stage { get; init; }

    /// <summary>Inject: making the version durable (filled in by the grain).</summary>
    public TimeSpan Commit { get; init; }
}
