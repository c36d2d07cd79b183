namespace LatentDb.Grains.Contracts;

/// <summary>The answer to a write that may have been made before.</summary>
/// <param name="Value">What the write made, or what the first one under the same idempotency key made.</param>
/// <param name="IsReplay">True: nothing was written now.</param>
public sealed record WriteResult<T>(T Value, bool IsReplay);
