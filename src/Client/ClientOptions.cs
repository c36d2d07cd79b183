using System.Security.Cryptography;

namespace LatentDb.Client;

/// <summary>Who the client is to the server, and how often and how long it tries again.</summary>
public sealed record ClientOptions
{
    /// <summary>Sent with every request as <c>Authorization: Bearer</c>; null = none, which a server without keys on loopback takes.</summary>
    public string? ApiKey { get; init; }

    /// <summary>The tenant that an operator's key acts for; null = the key's own. Servers refuse it from every other key.</summary>
    public string? Tenant { get; init; }

    /// <summary>Tries of one request in all, 1 or more; 1 = never again.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>The longest wait between two tries. A server that asks for more gets no further try: the caller sees the problem.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The wait before the second try when the server names none; doubled each time, and shortened by up to a half at random.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>What waits are measured with.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Draws from 0 to 1, so that clients that were refused together do not come back together.</summary>
    internal Func<double> Draw { get; init; } = DrawFraction;

    /// <summary>Without the key: what is printed or logged must not hold it.</summary>
    public override string ToString() => $"{nameof(ClientOptions)} {{ {nameof(Tenant)} = {Tenant}, {nameof(MaxAttempts)} = {MaxAttempts} }}";

    /// <exception cref="ArgumentException">A value that no request could be sent with; the message does not repeat the key.</exception>
    internal void Check()
    {
        if (ApiKey is not null && !IsHeaderText(ApiKey)) throw new ArgumentException("The API key is empty or holds other characters than visible ASCII.");
        if (Tenant is not null && !IsHeaderText(Tenant)) throw new ArgumentException($"The tenant '{Tenant}' is empty or holds other characters than visible ASCII.");
        if (MaxAttempts < 1) throw new ArgumentException($"MaxAttempts is {MaxAttempts}; allowed: 1 or more.");
    }

    private static bool IsHeaderText(string text) => text.Length > 0 && text.All(c => c is > ' ' and < (char)127);

    private static double DrawFraction()
    {
        const int steps = 1 << 20;
        return RandomNumberGenerator.GetInt32(steps) / (double)steps;
    }
}
