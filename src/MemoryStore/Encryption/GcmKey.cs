using System.Security.Cryptography;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>One AES-256-GCM key, ready to seal and open. Thread-safe; disposing zeroes it as soon as calls that are under way have ended.</summary>
/// <remarks>AesGcm keeps its nonce in the cipher context, so one object serves one call at a time: a second caller at the same moment gets another.</remarks>
internal sealed class GcmKey : IDisposable
{
    private readonly Lock _lock = new();
    private readonly byte[] _key = GC.AllocateArray<byte>(EncryptionLimits.KeyBytes, pinned: true);
    private AesGcm? _idle;
    private bool _isDisposed;

    /// <param name="key">32 bytes; copied.</param>
    public GcmKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != EncryptionLimits.KeyBytes) throw new ArgumentException($"A key has {EncryptionLimits.KeyBytes} bytes, not {key.Length}.", nameof(key));
        key.CopyTo(_key);
    }

    /// <summary>Encrypts, and puts the tag behind the ciphertext.</summary>
    /// <returns>False when the key was disposed of: nothing was written.</returns>
    public bool TrySeal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plain, Span<byte> sealedBytes)
    {
        if (Rent() is not AesGcm cipher) return false;
        try
        {
            cipher.Encrypt(nonce, plain, sealedBytes[..plain.Length], sealedBytes[plain.Length..], aad);
            return true;
        }
        finally
        {
            Return(cipher);
        }
    }

    /// <summary>Checks the tag behind the ciphertext, and decrypts.</summary>
    /// <returns>False when the key was disposed of: nothing was read.</returns>
    /// <exception cref="AuthenticationTagMismatchException">Another key, nonce or context, or changed bytes; <paramref name="plain"/> is zeroed.</exception>
    public bool TryOpen(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> sealedBytes, Span<byte> plain)
    {
        if (Rent() is not AesGcm cipher) return false;
        try
        {
            cipher.Decrypt(nonce, sealedBytes[..plain.Length], sealedBytes[plain.Length..], plain, aad);
            return true;
        }
        finally
        {
            Return(cipher);
        }
    }

    /// <summary>Copies the secret out; the caller erases the copy.</summary>
    public void CopyTo(Span<byte> target)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _key.CopyTo(target);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            Volatile.Write(ref _isDisposed, true);
            CryptographicOperations.ZeroMemory(_key);
        }

        Interlocked.Exchange(ref _idle, null)?.Dispose();
    }

    private AesGcm? Rent()
    {
        if (Interlocked.Exchange(ref _idle, null) is AesGcm idle) return idle;
        lock (_lock)
        {
            return _isDisposed ? null : new AesGcm(_key, EncryptionLimits.TagBytes);
        }
    }

    private void Return(AesGcm cipher)
    {
        if (Interlocked.CompareExchange(ref _idle, cipher, null) is not null) cipher.Dispose();
        else if (Volatile.Read(ref _isDisposed)) Interlocked.Exchange(ref _idle, null)?.Dispose();
    }
}
