namespace LatentDb.MemoryStore.Encryption;

/// <summary>
/// Wraps the keys of tenants under a master key that the store never sees: a file, an environment variable, or a key service of the operator's.
/// </summary>
/// <remarks>
/// Thread-safe. What cannot be done is a <see cref="Errors.LatentDbException"/> with key_unavailable; any other exception is reported as one.
/// A master key that is not the current one any more must go on unwrapping until every shard has been rewrapped.
/// </remarks>
public interface IMasterKeyProvider
{
    /// <summary>Wraps a key of 32 bytes under the current master key.</summary>
    /// <param name="key">The key; not kept, and owned by the caller, who erases it.</param>
    /// <param name="context">What the key is for; unwrapping with another context must fail.</param>
    /// <param name="cancellationToken">Cancels the call; nothing is changed.</param>
    ValueTask<WrappedKey> WrapAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> context, CancellationToken cancellationToken);

    /// <summary>Unwraps a key under the master key that <paramref name="wrapped"/> names.</summary>
    /// <returns>32 bytes that the caller owns and erases.</returns>
    ValueTask<byte[]> UnwrapAsync(WrappedKey wrapped, ReadOnlyMemory<byte> context, CancellationToken cancellationToken);
}

/// <summary>A key that only its master key opens.</summary>
/// <param name="MasterKeyId">Name of the master key, as its provider knows it; at most 512 characters.</param>
/// <param name="Bytes">What the provider made of the key, at most 8192 bytes; owned by the record.</param>
public sealed record WrappedKey(string MasterKeyId, byte[] Bytes);
