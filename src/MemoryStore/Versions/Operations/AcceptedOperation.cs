namespace LatentDb.MemoryStore.Versions.Operations;

/// <summary>The answer to a write that is to be made later.</summary>
/// <param name="Operation">The operation, durable.</param>
/// <param name="IsReplay">True when it was accepted before under the same idempotency key.</param>
public sealed record AcceptedOperation(WriteOperation Operation, bool IsReplay);
