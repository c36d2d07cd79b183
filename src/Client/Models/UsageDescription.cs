namespace LatentDb.Client.Models;

/// <summary>What a tenant uses, and what is left of its limits.</summary>
/// <param name="Tenant">Whose.</param>
/// <param name="Memories">Memories.</param>
/// <param name="Bytes">Stored bytes.</param>
/// <param name="RequestsPerMinute">Requests.</param>
/// <param name="InjectsPerMinute">Injects.</param>
/// <param name="TokensPerMinute">Tokens.</param>
/// <param name="ConcurrentGenerations">Requests that use the model now.</param>
public sealed record UsageDescription(
    string Tenant,
    UsageAmount Memories,
    UsageAmount Bytes,
    UsageAmount RequestsPerMinute,
    UsageAmount InjectsPerMinute,
    UsageAmount TokensPerMinute,
    UsageAmount ConcurrentGenerations);

/// <summary>One of the things that are limited.</summary>
/// <param name="Used">In use now; null where it is not counted.</param>
/// <param name="Limit">What is allowed; null = any number.</param>
/// <param name="Left">What may still be used; null without a limit.</param>
public sealed record UsageAmount(long? Used, long? Limit, long? Left);
