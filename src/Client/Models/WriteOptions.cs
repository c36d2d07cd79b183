namespace LatentDb.Client.Models;

/// <summary>Conditions of a write.</summary>
public sealed record WriteOptions
{
    /// <summary>Refuse (412, precondition_failed) unless this is the newest version; null = any.</summary>
    public long? IfVersion { get; init; }

    /// <summary>
    /// 1 to 128 visible ASCII characters. A second write under the same key changes nothing and gets the first answer's version. Null = the client
    /// makes one per call, so that its own tries are never written twice.
    /// </summary>
    public string? IdempotencyKey { get; init; }
}
