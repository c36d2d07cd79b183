using System.Security.Cryptography;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>32 secret bytes: the key of a memory, of a block, or of a shard. The last holder to dispose of it zeroes them.</summary>
/// <remarks>
/// Thread-safe. The bytes stand in pinned memory, so that the garbage collector leaves no copies behind. <see cref="Share"/> adds a holder; each
/// holder disposes once.
/// </remarks>
internal sealed class DataKey : IDisposable
{
    public const int Bytes = EncryptionLimits.KeyBytes;

    private static long _lastId;

    private readonly byte[] _bytes = GC.AllocateArray<byte>(Bytes, pinned: true);
    private int _holders = 1;

    private DataKey(bool isLasting)
    {
        Id = Interlocked.Increment(ref _lastId);
        IsLasting = isLasting;
    }

    /// <summary>Names this object within the process, for caches; never given twice.</summary>
    public long Id { get; }

    /// <summary>A key of the keyring, which is used again and again; block keys are not.</summary>
    public bool IsLasting { get; }

    /// <summary>A new key for a block.</summary>
    public static DataKey Random() => Random(isLasting: false);

    /// <summary>The key of a block that was stored; <paramref name="bytes"/> stay with the caller.</summary>
    public static DataKey FromBytes(ReadOnlySpan<byte> bytes) => FromBytes(bytes, isLasting: false);

    internal static DataKey Random(bool isLasting)
    {
        var key = new DataKey(isLasting);
        RandomNumberGenerator.Fill(key._bytes);
        return key;
    }

    internal static DataKey FromBytes(ReadOnlySpan<byte> bytes, bool isLasting)
    {
        if (bytes.Length != Bytes) throw new ArgumentException($"A key has {Bytes} bytes, not {bytes.Length}.", nameof(bytes));
        var key = new DataKey(isLasting);
        bytes.CopyTo(key._bytes);
        return key;
    }

    /// <summary>Copies the secret out; the caller erases the copy.</summary>
    /// <exception cref="ObjectDisposedException">The last holder has disposed of it.</exception>
    public void CopyTo(Span<byte> target)
    {
        _bytes.CopyTo(target);

        // Zeroing begins only after the last holder has gone: a holder that is still there afterwards proves that the copy is the key.
        if (Interlocked.CompareExchange(ref _holders, 0, 0) > 0) return;
        CryptographicOperations.ZeroMemory(target[..Bytes]);
        throw new ObjectDisposedException(nameof(DataKey));
    }

    /// <summary>Adds a holder.</summary>
    /// <exception cref="ObjectDisposedException">The last holder has disposed of it.</exception>
    public DataKey Share() => TryShare() ? this : throw new ObjectDisposedException(nameof(DataKey));

    /// <summary>Adds a holder, unless the last one has gone.</summary>
    public bool TryShare()
    {
        int holders = Volatile.Read(ref _holders);
        while (holders > 0)
        {
            int before = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (before == holders) return true;
            holders = before;
        }

        return false;
    }

    public void Dispose()
    {
        int left = Interlocked.Decrement(ref _holders);
        if (left == 0) CryptographicOperations.ZeroMemory(_bytes);
        if (left < 0) throw new InvalidOperationException("A key was disposed of more often than it was shared.");
    }
}
