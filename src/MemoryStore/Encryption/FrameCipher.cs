using System.Buffers.Binary;
using System.Security.Cryptography;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>
/// Seals and opens the payloads of one log's frames with AES-256-GCM. Thread-safe.
/// <code>
/// key of a frame  HKDF-SHA256(data key, salt = the log folder's, info = "latentdb frame 1")
/// nonce           u32 log, u64 sequence
/// </code>
/// The salt is random and new with each log, and a log seals each of its sequences once; so no nonce is ever used twice under one key, even when a
/// data folder is copied and both copies go on.
/// </summary>
internal sealed class FrameCipher : IDisposable
{
    /// <summary>Bytes that sealing adds: the tag.</summary>
    public const int Overhead = EncryptionLimits.TagBytes;

    /// <summary>Bytes of a log folder's salt.</summary>
    public const int SaltBytes = 32;

    private readonly byte[] _salt;
    private readonly uint _log;
    private readonly ClockCache<long, GcmKey> _ready = new(EncryptionLimits.MaxReadyCiphers);

    /// <param name="logSalt">32 random bytes of the log's folder.</param>
    /// <param name="log">1 manifest, 2 blocks.</param>
    public FrameCipher(ReadOnlySpan<byte> logSalt, uint log)
    {
        if (logSalt.Length != SaltBytes) throw new ArgumentException($"A salt has {SaltBytes} bytes, not {logSalt.Length}.", nameof(logSalt));
        if (!logSalt.ContainsAnyExcept((byte)0)) throw new ArgumentException("A salt of zeros is none.", nameof(logSalt));
        ArgumentOutOfRangeException.ThrowIfZero(log);
        _salt = logSalt.ToArray();
        _log = log;
    }

    private static ReadOnlySpan<byte> KeyPurpose => "latentdb frame 1"u8;

    /// <summary>A salt for a new log folder.</summary>
    public static byte[] NewSalt() => RandomNumberGenerator.GetBytes(SaltBytes);

    /// <param name="key">The data key of the memory, block or shard.</param>
    /// <param name="sequence">The frame's, from 1; sealed once only.</param>
    /// <param name="aad">What must stand in front of the payload as it does now: the frame header up to its parts.</param>
    /// <param name="plain">The payload.</param>
    /// <param name="sealedPayload">Receives ciphertext and tag: <see cref="Overhead"/> bytes more than <paramref name="plain"/>.</param>
    public void Seal(DataKey key, long sequence, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plain, Span<byte> sealedPayload)
    {
        if (sealedPayload.Length != plain.Length + Overhead) throw new ArgumentException("The target is not as long as the sealed payload.", nameof(sealedPayload));
        Span<byte> nonce = stackalloc byte[EncryptionLimits.NonceBytes];
        WriteNonce(nonce, sequence);
        if (!key.IsLasting)
        {
            using GcmKey once = Derive(key);
            once.TrySeal(nonce, aad, plain, sealedPayload);
            return;
        }

        while (!Ready(key).TrySeal(nonce, aad, plain, sealedPayload))
        {
            // Pushed out of the cache between finding and using it: derive it again.
        }
    }

    /// <summary>The reverse of <see cref="Seal"/>, with the same key, sequence and header.</summary>
    /// <exception cref="SealBrokenException">It is not what was sealed; <paramref name="plain"/> is zeroed.</exception>
    public void Open(DataKey key, long sequence, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> sealedPayload, Span<byte> plain)
    {
        if (sealedPayload.Length < Overhead) throw new SealBrokenException($"the sealed payload of frame {sequence} has {sealedPayload.Length} bytes, fewer than a tag");
        if (plain.Length != sealedPayload.Length - Overhead) throw new ArgumentException("The target is not as long as the payload.", nameof(plain));
        Span<byte> nonce = stackalloc byte[EncryptionLimits.NonceBytes];
        WriteNonce(nonce, sequence);
        try
        {
            OpenWith(key, nonce, aad, sealedPayload, plain);
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new SealBrokenException($"the seal of frame {sequence} does not open: its bytes are changed or the key is another one", e);
        }
    }

    /// <summary>Drops what was derived from a key, before it is erased.</summary>
    public void Forget(DataKey key) => _ready.Remove(key.Id);

    public void Dispose() => _ready.Dispose();

    private void OpenWith(DataKey key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> sealedPayload, Span<byte> plain)
    {
        if (!key.IsLasting)
        {
            using GcmKey once = Derive(key);
            once.TryOpen(nonce, aad, sealedPayload, plain);
            return;
        }

        while (!Ready(key).TryOpen(nonce, aad, sealedPayload, plain))
        {
            // Pushed out of the cache between finding and using it: derive it again.
        }
    }

    private GcmKey Ready(DataKey key)
    {
        if (_ready.Find(key.Id) is GcmKey known) return known;
        GcmKey derived = Derive(key);
        _ready.Add(key.Id, derived);
        return derived;
    }

    private GcmKey Derive(DataKey key)
    {
        Span<byte> secret = stackalloc byte[EncryptionLimits.KeyBytes];
        Span<byte> derived = stackalloc byte[EncryptionLimits.KeyBytes];
        try
        {
            key.CopyTo(secret);
            HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, derived, _salt, KeyPurpose);
            return new GcmKey(derived);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            CryptographicOperations.ZeroMemory(derived);
        }
    }

    private void WriteNonce(Span<byte> nonce, long sequence)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(nonce, _log);
        BinaryPrimitives.WriteInt64LittleEndian(nonce[sizeof(uint)..], sequence);
    }
}
