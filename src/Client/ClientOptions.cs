namespace LatentDb.Client;

/// <summary>How often and how long the client tries again when the server says that it is busy.</summary>
public sealed record ClientOptions
{
    /// <summary>Tries of one request in all, 1 or more; 1 = never again.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>The longest wait between two tries. A server that asks for more gets no further try: the caller sees the problem.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The wait before the second try when the server names none; doubled each time.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>What waits are measured with.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
