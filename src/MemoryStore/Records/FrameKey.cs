using LatentDb.MemoryStore.Encryption;

namespace LatentDb.MemoryStore.Records;

/// <summary>What seals and opens the payloads of one owner in one log: a key, which it holds, and the cipher that binds it to the log.</summary>
internal sealed class FrameKey(FrameCipher cipher, DataKey key) : IDisposable
{
    /// <summary>Bytes that a sealed payload is longer: the tag of AES-GCM.</summary>
    public const int TagBytes = FrameCipher.Overhead;

    public void Seal(long sequence, ReadOnlySpan<byte> bound, ReadOnlySpan<byte> payload, Span<byte> stored) => cipher.Seal(key, sequence, bound, payload, stored);

    /// <exception cref="FrameFormatException">The payload was sealed with another key, or for another frame.</exception>
    public void Open(long sequence, ReadOnlySpan<byte> bound, ReadOnlySpan<byte> stored, Span<byte> payload)
    {
        try
        {
            cipher.Open(key, sequence, bound, stored, payload);
        }
        catch (SealBrokenException)
        {
            throw new FrameFormatException("the payload does not open with its key");
        }
    }

    /// <summary>Gives the key back.</summary>
    public void Dispose() => key.Dispose();
}
