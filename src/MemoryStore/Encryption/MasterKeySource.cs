using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>The master keys of this process: read when it starts, and again when the operator has changed them. Thread-safe.</summary>
internal sealed class MasterKeySource : IMasterKeyProvider
{
    private readonly Func<IMasterKeyProvider> _read;
    private volatile IMasterKeyProvider _current;

    /// <param name="read">Reads them anew.</param>
    /// <param name="first">Those that the process starts with.</param>
    public MasterKeySource(Func<IMasterKeyProvider> read, IMasterKeyProvider first)
    {
        _read = read;
        _current = first;
    }

    /// <summary>Name of the key that wraps, when the provider tells.</summary>
    public string? CurrentId => (_current as LocalMasterKeys)?.CurrentId;

    /// <inheritdoc/>
    public ValueTask<WrappedKey> WrapAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> context, CancellationToken cancellationToken) =>
        _current.WrapAsync(key, context, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<byte[]> UnwrapAsync(WrappedKey wrapped, ReadOnlyMemory<byte> context, CancellationToken cancellationToken) =>
        _current.UnwrapAsync(wrapped, context, cancellationToken);

    /// <summary>Reads the keys again without taking them.</summary>
    /// <param name="needed">Names of those that still wrap something.</param>
    /// <exception cref="LatentDbException">configuration_invalid, key_unavailable: one of the needed ones is not there any more.</exception>
    public IMasterKeyProvider Read(IEnumerable<string> needed)
    {
        IMasterKeyProvider fresh = _read();
        if (fresh is LocalMasterKeys local && needed.FirstOrDefault(id => !local.Has(id)) is string missing)
        {
            throw new LatentDbException(ErrorCode.KeyUnavailable, $"Master key {missing} still wraps keys of tenants, and is not among those that are given now; put it back below the new one.");
        }

        return fresh;
    }

    /// <summary>Reads the keys again and takes them.</summary>
    /// <exception cref="LatentDbException">As <see cref="Read"/>; then the old ones go on.</exception>
    public void Reload(IEnumerable<string> needed) => _current = Read(needed);
}
