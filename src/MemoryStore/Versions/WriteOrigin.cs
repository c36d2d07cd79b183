namespace LatentDb.MemoryStore.Versions;

/// <summary>Who asked for a write, and under which idempotency key.</summary>
/// <param name="OperationId">A second write of the memory under the same key changes nothing and gets the first one's version; at most 128 characters. Null = none.</param>
/// <param name="Author">Id of the API key that asked; at most 64 characters. Null = unknown.</param>
public sealed record WriteOrigin(string? OperationId, string? Author)
{
    /// <summary>Nobody in particular, without a key.</summary>
    public static WriteOrigin None { get; } = new(null, null);
}
