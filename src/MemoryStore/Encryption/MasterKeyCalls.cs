using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>Calls of a provider that somebody else wrote: what it answers is checked, and what it throws becomes key_unavailable.</summary>
internal static class MasterKeyCalls
{
    /// <exception cref="LatentDbException">key_unavailable.</exception>
    public static async Task<WrappedKey> WrapAsync(IMasterKeyProvider master, byte[] key, byte[] context, CancellationToken cancellationToken)
    {
        WrappedKey wrapped = await CallAsync(() => master.WrapAsync(key, context, cancellationToken), "wrap", cancellationToken).ConfigureAwait(false);
        if (wrapped is not { MasterKeyId.Length: > 0 and <= EncryptionLimits.MaxMasterKeyIdLength, Bytes.Length: > 0 and <= EncryptionLimits.MaxWrappedKeyBytes })
        {
            throw new LatentDbException(ErrorCode.KeyUnavailable, "The provider of the master key gave a wrapped key without a name or of a wrong length.");
        }

        return wrapped;
    }

    /// <exception cref="LatentDbException">key_unavailable.</exception>
    public static async Task<byte[]> UnwrapAsync(IMasterKeyProvider master, WrappedKey wrapped, byte[] context, CancellationToken cancellationToken)
    {
        byte[] key = await CallAsync(() => master.UnwrapAsync(wrapped, context, cancellationToken), "unwrap", cancellationToken).ConfigureAwait(false);
        return key is { Length: EncryptionLimits.KeyBytes }
            ? key
            : throw new LatentDbException(ErrorCode.KeyUnavailable, $"Master key {wrapped.MasterKeyId} unwrapped a key that does not have {EncryptionLimits.KeyBytes} bytes.");
    }

    private static async Task<T> CallAsync<T>(Func<ValueTask<T>> call, string verb, CancellationToken cancellationToken)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Providers are of others; whatever they throw means that the key cannot be had now.
        catch (Exception e) when (e is not LatentDbException)
#pragma warning restore CA1031
        {
            throw new LatentDbException(ErrorCode.KeyUnavailable, $"The provider of the master key could not {verb} a tenant's key.", e);
        }
    }
}
