using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Identity;

/// <summary>Names one accepted write of one memory; given by the server, in the order of time.</summary>
public readonly record struct OperationUid(Guid Value)
{
    public static OperationUid New() => new(Guid.CreateVersion7());

    /// <exception cref="LatentDbException">invalid_name.</exception>
    public static OperationUid Parse(string? text) => Guid.TryParseExact(text, "D", out Guid value)
        ? new OperationUid(value)
        : throw new LatentDbException(ErrorCode.InvalidName, "The name of an operation is a UUID, as the server gave it.");

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("D");
}
