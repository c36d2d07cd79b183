using System.Buffers.Binary;
using System.Security.Cryptography;

namespace LatentDb.MemoryStore.Transfer.Archives;

/// <summary>
/// Seals and opens the bodies of frames, in order, each once: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015, as age uses it).
/// </summary>
/// <remarks>
/// Nonce = u64 number of the frame, big endian, in bytes 3 to 10; byte 11 is 1 for the last frame. So a frame that is moved, repeated, left out or
/// made the last does not open. The key belongs to one archive, so no nonce repeats. A frame also vouches for its head and for the seal before it,
/// and so for every byte of the archive that came earlier, the header's included.
/// </remarks>
internal sealed class ArchiveCipher : IDisposable
{
    private const int NonceBytes = 12;
    private const int CounterOffset = 3;
    private const int LastOffset = 11;
    private const int ContextBytes = ArchiveFormat.FrameHeadBytes + ArchiveFormat.SealBytes;

    private readonly AesGcm _aes;
    private ulong _frame;

    /// <param name="key">Copied and then cleared.</param>
    public ArchiveCipher(byte[] key)
    {
        _aes = new AesGcm(key, ArchiveFormat.TagBytes);
        CryptographicOperations.ZeroMemory(key);
    }

    /// <param name="head">The frame's head.</param>
    /// <param name="before">The seal before the frame.</param>
    /// <param name="plain">What to encrypt.</param>
    /// <param name="body">Receives the ciphertext and its tag; must not overlap <paramref name="plain"/>.</param>
    /// <param name="isLast">Whether nothing follows.</param>
    public void Seal(ReadOnlySpan<byte> head, ReadOnlySpan<byte> before, ReadOnlySpan<byte> plain, Span<byte> body, bool isLast)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        Span<byte> context = stackalloc byte[ContextBytes];
        Prepare(head, before, isLast, nonce, context);
        _aes.Encrypt(nonce, plain, body[..plain.Length], body[plain.Length..], context);
    }

    /// <exception cref="Errors.LatentDbException">archive_invalid: another key, or not the bytes that were sealed.</exception>
    public void Open(ReadOnlySpan<byte> head, ReadOnlySpan<byte> before, ReadOnlySpan<byte> body, Span<byte> plain, bool isLast)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        Span<byte> context = stackalloc byte[ContextBytes];
        Prepare(head, before, isLast, nonce, context);
        try
        {
            _aes.Decrypt(nonce, body[..plain.Length], body[plain.Length..], plain, context);
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw ArchiveErrors.Invalid("does not open: the passphrase or key is another one, or somebody has changed it", e);
        }
    }

    public void Dispose() => _aes.Dispose();

    private void Prepare(ReadOnlySpan<byte> head, ReadOnlySpan<byte> before, bool isLast, Span<byte> nonce, Span<byte> context)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[CounterOffset..], _frame++);
        nonce[LastOffset] = isLast ? (byte)1 : (byte)0;
        head.CopyTo(context);
        before.CopyTo(context[ArchiveFormat.FrameHeadBytes..]);
    }
}
