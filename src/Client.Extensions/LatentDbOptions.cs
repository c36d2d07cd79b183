namespace LatentDb.Client.Extensions;

/// <summary>Where the server is and who the application is to it; a section of the application's configuration may be bound to it.</summary>
public sealed class LatentDbOptions
{
    /// <summary>The server's address, such as <c>https://db.example</c>.</summary>
    public Uri? Server { get; set; }

    /// <summary>The API key; null = none, which a server without keys on loopback takes.</summary>
    public string? ApiKey { get; set; }

    /// <summary>The tenant that an operator's key acts for; null = the key's own.</summary>
    public string? Tenant { get; set; }

    /// <summary>Tries of one request in all; 1 = never again, for applications that add a resilience handler of their own.</summary>
    public int MaxAttempts { get; set; } = new ClientOptions().MaxAttempts;

    /// <summary>The longest wait between two tries.</summary>
    public TimeSpan MaxRetryDelay { get; set; } = new ClientOptions().MaxRetryDelay;

    /// <summary>The longest that a request may take, streams not included; long texts on small machines take minutes.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);

    internal ClientOptions ToClientOptions(TimeProvider time) =>
        new() { ApiKey = ApiKey, Tenant = Tenant, MaxAttempts = MaxAttempts, MaxRetryDelay = MaxRetryDelay, Time = time };
}
